"""`handrail eval compare`, `report` and `accept`, and `handrail nightly`: what people do with runs."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from ops.evals.commands import evals
from web.commands.place import at_home

if TYPE_CHECKING:
    from core.settings import Settings
    from ops.evals.golden import GoldenSet
    from ops.evals.nightly import Told

Html = Annotated[Path | None, typer.Option(help="Write it as one page to this file.")]
Json = Annotated[Path | None, typer.Option(help="Write it as JSON to this file.")]
A_RUN = "A run: its JSON file, or its id as the desk and the database have it."


@evals.command()
def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help=A_RUN)],
    now: Annotated[str, typer.Argument(metavar="NOW", help="The run to hold against it.")],
    *,
    html: Html = None,
    json: Json = None,
) -> None:
    """Hold one run against another: effect, interval and p of each measure; exit code 1 where the second is worse."""
    from ops.evals.report.compare import compare as compared
    from ops.evals.report.page import compared as page
    from ops.evals.report.terminal import as_json, print_comparison

    found = compared(_run(before), _run(now))
    print_comparison(found)
    _write(html, lambda: page(found))
    _write(json, lambda: as_json(found))
    raise typer.Exit(1 if any(each.says == "worse" for each in found.differences) else 0)


@evals.command()
def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help=A_RUN)],
    nights: Annotated[
        list[str] | None, typer.Argument(metavar="[NIGHT…]", help="Runs before it, newest first; else those kept.")
    ] = None,
    *,
    html: Html = None,
    json: Json = None,
) -> None:
    """Make a run's report: a page, or JSON; exit code 1 where it is worse than the nights before beyond noise."""
    from ops.evals.report.judging import judge
    from ops.evals.report.page import Mark, Report, page
    from ops.evals.report.page import as_json as whole

    found, before = _run(run), [_run(each) for each in nights or ()]
    made = Report(found, judge(found, before), before, [Mark(one.started_at, one.figures) for one in before[::-1]])
    typer.echo("\n".join([made.verdict.headline, *(f"  {line}" for line in made.verdict.why)]))
    _write(html, lambda: page(made))
    _write(json, lambda: _dumped(whole(made)))
    raise typer.Exit(1 if made.verdict.alarming else 0)


@evals.command()
def accept(
    run: Annotated[UUID, typer.Argument(metavar="RUN", help="The night's id, as its report and the desk name it.")],
    *,
    by: Annotated[str, typer.Option(help="Whose decision it is.")] = "",
) -> None:
    """Take a night with an alarm as the new normal: the nights to come are held against it."""
    from core.db import transaction
    from orchestrator.nights import accept as accept_night
    from orchestrator.people import operator

    with at_home(), transaction() as session:
        found = accept_night(session, run, operator(by or getpass.getuser()), address="terminal")
        where = f"{found.suite} on {found.site_id}"
    typer.echo(f"These figures are now the usual: nights to come of {where} are held against this one.")


def nightly(
    *,
    site: Annotated[str, typer.Option(help="Only the sets of this site.")] = "",
    wait: Annotated[bool, typer.Option(help="Stay, and do so each night at HANDRAIL_NIGHTLY_AT (UTC).")] = False,
) -> None:
    """Play every golden set, judge it against the nights before, keep its report, and ring where it is worse.

    For cron, or with --wait for a supervisor. Exit code 1 where something is worse, 2 where a set could not be played.
    """
    with at_home(level="WARNING") as settings:
        if wait:
            from ops.evals.night_watch import watch

            watch(settings.nightly_at)
        from ops.evals.nightly import run_nights

        _check_site(site)
        told = []
        for one in run_nights(settings, site, begins=_begins):
            told.append(one)
            typer.echo("\n".join(lines_of(one, settings)))
    if not told:
        where = settings.nightly_sets or settings.home / "golden"
        typer.echo(f"There is nothing to play: put golden sets into {where} (docs/evals.md has their form).")
    raise typer.Exit(2 if any(one.failed for one in told) else 1 if any(one.alarming for one in told) else 0)


def _check_site(site: str) -> None:
    """Exit code 1 would say that something is worse."""
    from core.db import transaction
    from core.errors import SiteNotFound
    from kb.documents.steering import checked_site

    if site:
        try:
            with transaction() as session:
                checked_site(session, site)
        except SiteNotFound:
            fault = "there is no such site: `handrail kb status` names them all"
            raise typer.BadParameter(fault, param_hint="--site") from None


def _begins(golden: "GoldenSet") -> None:
    typer.echo(f"{golden.site} {golden.suite}: {len(golden.cases)} cases are being played …", err=True)


def lines_of(one: "Told", settings: "Settings") -> list[str]:
    """What came of one suite, and the way to its report."""
    lines = [" ".join(filter(None, (one.site, f"{one.suite}:", one.headline))), *(f"  {line}" for line in one.why)]
    if one.run_id and not one.failed:
        base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
        lines.append(f"  Report: {base}/admin/agent/evals/{one.run_id}")
    if one.alarming and not one.failed:
        lines.append(f"  If that was a decision: handrail eval accept {one.run_id}")
    return lines


def _run(name: str) -> Any:
    """The run in a file, or kept under an id."""
    from core.db import transaction
    from ops.evals.run_form import load_run
    from ops.evals.storing import stored_run

    try:
        id_ = UUID(name)
    except ValueError:
        return load_run(Path(name))
    with at_home(), transaction() as session:
        return stored_run(session, id_)


def _write(path: Path | None, made: Any) -> None:
    if path is not None:
        path.write_text(made(), encoding="utf-8")
        typer.echo(f"Written to {path}.")


def _dumped(value: Any) -> str:
    from json import dumps

    return dumps(value, ensure_ascii=False, indent=1) + "\n"
