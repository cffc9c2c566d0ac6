"""What `handrail eval` does: a set on a demo shop of its own, or as trials on a live site."""

from dataclasses import dataclass
from pathlib import Path

import typer
import yaml

from core.db import transaction
from core.errors import SiteNotFound
from core.models import Site
from core.settings import Settings
from kb.embeddings.embedder import get_embedder
from ops.apart import apart
from ops.evals.demo import QUESTIONS, replayed, run_eval, stage
from ops.evals.golden import GoldenSet, GoldenUnreadable, stored
from ops.evals.importing import read_public
from ops.evals.model_judge import judged_by_model
from ops.evals.nightly import golden_sets
from ops.evals.public_kinds import Kind
from ops.evals.questions import load_any
from ops.evals.retrieval import index, own_site
from ops.evals.retrieval_command import Progress
from ops.evals.run_form import Run, save_run
from ops.evals.shown import print_run, show, targets_met
from ops.evals.storing import store_run
from ops.evals.suite import run_set
from ops.evals.visit import Stage
from orchestrator.turn import the_world
from web.commands.place import at_home

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
    quiet: bool = False  # figures alone


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
    """Play the set as trials on a site as it is now, and keep the run there. As `run_demo`; raises SiteNotFound.

    A set of the site's nights can be named by its suite.
    """
    with at_home() as settings:
        with transaction() as session:
            if session.get(Site, site_id) is None:
                raise SiteNotFound
        golden = narrowed(_nightly(wanted.path, site_id, settings) or load_any(wanted.path or QUESTIONS), wanted)
        run = played(golden, Stage(site_id), wanted)
        with transaction() as session:
            store_run(session, run)
        return reported(run, golden, wanted)


def run_public(kind: Kind, path: Path, wanted: Wanted, *, limit: int, seed: int) -> None:
    """Play a public set, and print its figures: about its own documents on a site of its own, else on the demo shop.

    Raises GoldenUnreadable.
    """
    public = read_public(kind, path, limit=limit, seed=seed)
    for what, count in public.passed_over.items():
        typer.echo(f"Passed over: {count} {what}.")
    with apart(HOME):
        if public.documents is None:
            printed(played(public.golden, stage(), wanted), wanted)
            return
        with own_site(["search_kb"]) as site_id:
            if unreadable := index(site_id, public.documents, get_embedder(), Progress()):
                typer.echo(f"Passed over: {unreadable} unreadable documents.")
            printed(played(public.golden, Stage(site_id), wanted), wanted)


def write_public(kind: Kind, path: Path, to: Path, *, limit: int, seed: int) -> None:
    """Write a public set as a golden one, to be read, changed and kept. Raises GoldenUnreadable.

    A set that asks about its own documents would be held against the demo shop's: that one can only be played.
    """
    if kind is Kind.RETRIEVAL:
        raise GoldenUnreadable("A retrieval set asks about documents of its own: leave --to out, and it is played.")
    public = read_public(kind, path, limit=limit, seed=seed)
    cases = [{"id": case.id, **stored(case)} for case in public.golden.cases]
    whole = {"suite": public.golden.suite, "site": public.golden.site, "cases": cases}
    to.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=1000), encoding="utf-8")
    typer.echo(f"{len(cases)} cases written to {to}.")


def chosen(wanted: Wanted) -> GoldenSet:
    """The set that is wanted, narrowed. Raises GoldenUnreadable."""
    return narrowed(load_any(wanted.path or QUESTIONS), wanted)


def narrowed(golden: GoldenSet, wanted: Wanted) -> GoldenSet:
    """The set, or those of its cases that have the tag or the id. Raises GoldenUnreadable."""
    if wanted.case:
        golden = golden.model_copy(update={"cases": tuple(one for one in golden.cases if one.id == wanted.case)})
        if not golden.cases:
            raise GoldenUnreadable(f"This set has no case {wanted.case}: its ids stand in its files and in reports.")
    cases = tuple(case for case in golden.cases if not wanted.tag or wanted.tag in case.tags)
    if not cases:
        known = ", ".join(sorted({tag for case in golden.cases for tag in case.tags}))
        raise GoldenUnreadable(f"No case of this set has the tag {wanted.tag}. Its tags: {known}.")
    return golden.model_copy(update={"cases": cases})


def _nightly(path: Path | None, site_id: str, settings: Settings) -> GoldenSet | None:
    """What the nights of this site play under that name, where there is no such file."""
    if path is None or path.exists():
        return None
    return next((one for one in golden_sets(settings)[0] if (one.suite, one.site) == (str(path), site_id)), None)


def played(golden: GoldenSet, place: Stage, wanted: Wanted) -> Run:
    """The run, with each fault shown as it comes."""
    judge = judged_by_model(place.world or the_world(), wanted.judge) if wanted.judge else None
    return run_set(
        golden,
        place,
        repeats=wanted.repeats,
        on_result=lambda result: None if wanted.quiet else show(result, verbose=wanted.verbose),
        judge=judge,
    )


def printed(run: Run, wanted: Wanted) -> None:
    """Print the run, and write it where that is wanted."""
    print_run(run)
    if wanted.json is not None:
        save_run(run, wanted.json)
        typer.echo(f"Written to {wanted.json}.")


def reported(run: Run, golden: GoldenSet, wanted: Wanted) -> bool:
    """As `printed`. True where the set's targets are met."""
    printed(run, wanted)
    return targets_met(run, golden.targets)
