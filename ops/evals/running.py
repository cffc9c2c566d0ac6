"""What `handrail eval` does: a set on a demo shop of its own, or as trials on a live site."""

from dataclasses import dataclass
from pathlib import Path

import typer

from core.db import transaction
from core.errors import SiteNotFound
from core.models import Site
from ops.apart import apart
from ops.evals.demo import QUESTIONS, replayed, run_eval, stage
from ops.evals.golden import GoldenSet, GoldenUnreadable
from ops.evals.model_judge import judged_by_model
from ops.evals.questions import load_any
from ops.evals.run_form import Run, save_run
from ops.evals.shown import print_run, show, targets_met
from ops.evals.storing import store_run
from ops.evals.suite import run_set
from ops.evals.visit import Stage
from orchestrator.turn import the_world

HOME = "eval"


@dataclass(frozen=True)
class Wanted:
    """Which set is played, and how."""

    path: Path | None = None
    repeats: int = 1
    tag: str = ""
    case: str = ""
    judge: int = 0  # how often a model judges each answer
    json: Path | None = None
    verbose: bool = False


def run_questions(*, verbose: bool) -> bool:
    """The demo's questions, with the summary that they have always had. True where both targets are met."""
    with apart(HOME):
        return run_eval(QUESTIONS, verbose=verbose)


def run_demo(wanted: Wanted) -> bool:
    """Play the set on a demo shop in a database of its own. True where its targets are met. Raises GoldenUnreadable."""
    golden = chosen(wanted)
    with apart(HOME):
        run = played(golden, stage(), wanted)
        return reported(run, golden, wanted) & replayed()


def run_live(wanted: Wanted, site_id: str) -> bool:
    """Play the set as trials on a site as it is now, and keep the run there. As `run_demo`; raises SiteNotFound."""
    golden = chosen(wanted)
    with transaction() as session:
        if session.get(Site, site_id) is None:
            raise SiteNotFound
    run = played(golden, Stage(site_id), wanted)
    with transaction() as session:
        store_run(session, run)
    return reported(run, golden, wanted)


def chosen(wanted: Wanted) -> GoldenSet:
    """The set, or those of its cases that have the tag or the id. Raises GoldenUnreadable."""
    golden = load_any(wanted.path or QUESTIONS)
    if wanted.case:
        golden = golden.model_copy(update={"cases": tuple(one for one in golden.cases if one.id == wanted.case)})
        if not golden.cases:
            raise GoldenUnreadable(f"This set has no case {wanted.case}: its ids stand in its files and in reports.")
    cases = tuple(case for case in golden.cases if not wanted.tag or wanted.tag in case.tags)
    if not cases:
        known = ", ".join(sorted({tag for case in golden.cases for tag in case.tags}))
        raise GoldenUnreadable(f"No case of this set has the tag {wanted.tag}. Its tags: {known}.")
    return golden.model_copy(update={"cases": cases})


def played(golden: GoldenSet, place: Stage, wanted: Wanted) -> Run:
    """The run, with each fault shown as it comes."""
    judge = judged_by_model(place.world or the_world(), wanted.judge) if wanted.judge else None
    return run_set(
        golden,
        place,
        repeats=wanted.repeats,
        on_result=lambda result: show(result, verbose=wanted.verbose),
        judge=judge,
    )


def reported(run: Run, golden: GoldenSet, wanted: Wanted) -> bool:
    """Print the run, and write it where that is wanted. True where the set's targets are met."""
    print_run(run)
    if wanted.json is not None:
        save_run(run, wanted.json)
        typer.echo(f"Written to {wanted.json}.")
    return targets_met(run, golden.targets)
