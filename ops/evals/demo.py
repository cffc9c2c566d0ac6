"""`handrail eval`: the demo shop's golden questions, asked along a visitor's own path; prints figures and faults."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import typer
from rich.console import Console
from rich.table import Table

from core import db
from kb.documents.indexer import index_all
from ops.demo import content
from ops.evals.cases import load_cases
from ops.evals.runner import Verdict, replay_all, run_cases

QUESTIONS = Path(__file__).with_name("demo_questions.yaml")
SOURCE_TARGET = 0.90  # of the answerable questions: a right document is cited
ABSTAIN_TARGET = 0.95  # of the unanswerable ones: abstained or handed off


def run_eval(path: Path = QUESTIONS, *, verbose: bool = False) -> bool:
    """Index the demo shop, ask the questions in `path`, print what came of it. True where both targets are met.

    Raises CasesUnreadable. The settings point at servers that this process may write to.
    """
    cases = load_cases(path)
    with db.transaction() as session:
        content.prepare(session)
    index_all("demo", lambda _, __: None)
    verdicts = run_cases("demo", cases, lambda verdict: _show(verdict) if verdict.faults or verbose else None)
    return _report(verdicts) & _replayed()


def _replayed() -> bool:
    count, differences = replay_all()
    for difference in differences:
        typer.echo(f"! {difference}")
    typer.echo(f"Replay: {count - len(differences)} of {count} turns go as they went, to the byte.")
    return not differences


def _show(verdict: Verdict) -> None:
    mark = "✗" if verdict.faults else "✓"
    typer.echo(f"{mark} {verdict.case.id}  {' / '.join(verdict.case.say)}")
    typer.echo(f"    [{verdict.outcome}; {', '.join(verdict.cited)}] {verdict.reply[:300]}")
    for fault in verdict.faults:
        typer.echo(f"    ! {fault}")


def _report(verdicts: Sequence[Verdict]) -> bool:
    table = Table("kind", "cases", "right outcome", "right source", "all right", title="Demo questions")
    for kind in dict.fromkeys(verdict.case.kind for verdict in verdicts):
        some = [verdict for verdict in verdicts if verdict.case.kind == kind]
        sourced = [verdict for verdict in some if verdict.case.sources]
        table.add_row(
            kind,
            str(len(some)),
            _share([verdict.outcome_right for verdict in some]),
            _share([verdict.source_right for verdict in sourced]),
            _share([not verdict.faults for verdict in some]),
        )
    Console(width=100).print(table)
    seconds = sorted(verdict.seconds for verdict in verdicts)
    typer.echo(f"A turn: median {median(seconds) * 1000:.0f} ms, slowest {seconds[-1] * 1000:.0f} ms.")
    return _targets_met(verdicts)


def _targets_met(verdicts: Sequence[Verdict]) -> bool:
    sourced = _rate([verdict.source_right for verdict in verdicts if verdict.case.kind == "answerable"])
    refused = _rate([verdict.outcome_right for verdict in verdicts if verdict.case.kind == "unanswerable"])
    typer.echo(f"Right source cited: {sourced:.1%} of the answerable (target {SOURCE_TARGET:.0%}).")
    typer.echo(f"Abstained or handed off: {refused:.1%} of the unanswerable (target {ABSTAIN_TARGET:.0%}).")
    return sourced >= SOURCE_TARGET and refused >= ABSTAIN_TARGET


def _rate(marks: Sequence[bool]) -> float:
    return sum(marks) / len(marks) if marks else 1.0


def _share(marks: Sequence[bool]) -> str:
    return f"{sum(marks)}/{len(marks)}" if marks else "–"
