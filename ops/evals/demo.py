"""The demo shop as the place where golden sets are played, and today's summary of its questions."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import typer
from rich.console import Console
from rich.table import Table

from core import db
from kb.documents.indexer import index_all
from ops.demo import content
from ops.evals.questions import load_any
from ops.evals.run_form import Result
from ops.evals.shown import show
from ops.evals.suite import run_set
from ops.evals.visit import Stage
from orchestrator.replay import Difference, ended_turns, replay

QUESTIONS = Path(__file__).with_name("demo_questions.yaml")
SOURCE_TARGET = 0.90  # of the answerable questions: a right document is cited
ABSTAIN_TARGET = 0.95  # of the unanswerable ones: abstained or handed off


def stage() -> Stage:
    """The demo shop, indexed, in the database that this process's settings name; what is played there is kept."""
    with db.transaction() as session:
        content.prepare(session)
    index_all(content.SITE, lambda _, __: None)
    return Stage(content.SITE, keep=True)


def run_eval(path: Path = QUESTIONS, *, verbose: bool = False) -> bool:
    """Index the demo shop, ask the questions in `path`, print what came of it. True where both targets are met.

    Raises CasesUnreadable. The settings point at servers that this process may write to.
    """
    asked = load_any(path)
    run = run_set(asked, stage(), on_result=lambda result: show(result, verbose=verbose))
    return _report(run.results) & replayed()


def replayed() -> bool:
    """Replay every stored turn, and tell how many go as they went."""
    count, differences = replay_all()
    for difference in differences:
        typer.echo(f"! {difference}")
    typer.echo(f"Replay: {count - len(differences)} of {count} turns go as they went, to the byte.")
    return not differences


def replay_all() -> tuple[int, list[Difference]]:
    """Replay every stored turn: how many there are, and where one would go otherwise."""
    with db.transaction() as session:
        turns = ended_turns(session)
        return len(turns), [found for turn_id in turns if (found := replay(session, turn_id))]


def _report(results: Sequence[Result]) -> bool:
    table = Table("kind", "cases", "right outcome", "right source", "all right", title="Demo questions")
    for kind in dict.fromkeys(result.tags[0] for result in results):
        some = [result for result in results if result.tags[0] == kind]
        table.add_row(
            kind,
            str(len(some)),
            _share([_outcome_right(result) for result in some]),
            _share(_source_right(some)),
            _share([result.passed for result in some]),
        )
    Console(width=100).print(table)
    seconds = sorted(result.measures["seconds"] for result in results)
    typer.echo(f"A turn: median {median(seconds) * 1000:.0f} ms, slowest {seconds[-1] * 1000:.0f} ms.")
    return _targets_met(results)


def _targets_met(results: Sequence[Result]) -> bool:
    sourced = _rate(_source_right([result for result in results if "answerable" in result.tags]))
    refused = _rate([_outcome_right(result) for result in results if "unanswerable" in result.tags])
    typer.echo(f"Right source cited: {sourced:.1%} of the answerable (target {SOURCE_TARGET:.0%}).")
    typer.echo(f"Abstained or handed off: {refused:.1%} of the unanswerable (target {ABSTAIN_TARGET:.0%}).")
    return sourced >= SOURCE_TARGET and refused >= ABSTAIN_TARGET


def _outcome_right(result: Result) -> bool:
    return result.outcome in result.expected["outcome"]


def _source_right(results: Sequence[Result]) -> list[bool]:
    return [bool(result.measures["source_cited"]) for result in results if "source_cited" in result.measures]


def _rate(marks: Sequence[bool]) -> float:
    return sum(marks) / len(marks) if marks else 1.0


def _share(marks: Sequence[bool]) -> str:
    return f"{sum(marks)}/{len(marks)}" if marks else "–"
