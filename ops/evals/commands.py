"""The command `handrail eval`, and those below it. Without one of their names it runs a set."""

import getpass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from typer.core import TyperGroup

from ops.evals.public_kinds import Kind

RUN = "run"


class RunByDefault(TyperGroup):
    """Takes `handrail eval FILE` for `handrail eval run FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name in front, unless one is named or help is asked for."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = [RUN, *args]
        return super().parse_args(ctx, args)


evals = typer.Typer(
    cls=RunByDefault,
    help="Judge the agent by golden sets (docs/evals.md); without a command below: ask the demo's questions.",
)


@evals.command(name=RUN)
def run_it(
    questions: Annotated[
        Path | None, typer.Argument(help="A golden set or a list of questions; the demo's own questions by default.")
    ] = None,
    *,
    set_: Annotated[
        Path | None, typer.Option("--set", metavar="SET", help="A suite of Handrail (demo), a file, or a folder.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, max=50, help="How often each case is played, for pass^k.")] = 1,
    site: Annotated[str, typer.Option(help="Play it as trials on this site, as it is now; else on a demo shop.")] = "",
    tag: Annotated[str, typer.Option(help="Only the cases with this tag.")] = "",
    case: Annotated[str, typer.Option(help="Only the case with this id.")] = "",
    judge: Annotated[int, typer.Option(min=0, help="Ask the model so often to judge each answer, too; 0: never.")] = 0,
    json: Annotated[Path | None, typer.Option(help="Write the run to this file.")] = None,
    verbose: Annotated[bool, typer.Option(help="Show every answer, not only those at fault.")] = False,
) -> None:
    """Play golden cases along a visitor's path; exit code 1 where a target is missed."""
    from ops.evals.running import Wanted, run_demo, run_live, run_questions

    if questions is not None and set_ is not None:
        raise typer.BadParameter("name one set, not two", param_hint="--set")
    chosen = set_ or questions
    if chosen is None and not (site or json or tag or case or judge or repeats > 1):
        raise typer.Exit(0 if run_questions(verbose=verbose) else 1)
    wanted = Wanted(chosen, repeats=repeats, tag=tag, case=case, judge=judge, json=json, verbose=verbose)
    raise typer.Exit(0 if (run_live(wanted, site) if site else run_demo(wanted)) else 1)


def message_id(text: str) -> UUID:
    """`text` as an id. Raises typer.BadParameter."""
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter("copy it whole, as the desk's address or the API shows it") from None


@evals.command()
def add(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="The id of an answer of the assistant.")],
    *,
    must: Annotated[list[str] | None, typer.Option(help="What must stand in the answer; can be given again.")] = None,
    must_not: Annotated[list[str] | None, typer.Option(help="What must not; can be given again.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="A document that it should cite, by its name.")] = None,
    outcome: Annotated[str, typer.Option(help="answered, abstained, handed_off or ticketed.")] = "",
    name: Annotated[str, typer.Option("--as", help="Who you are.", default_factory=getpass.getuser)],
) -> None:
    """Make a case of a conversation, up to this answer and without what is personal; the judge asks it each night.

    Without more, the answer that was given is the model.
    """
    from core.db import transaction
    from orchestrator.made_cases import Wanted, make_case
    from orchestrator.people import operator
    from web.commands.place import at_home

    wanted = Wanted(tuple(must or ()), tuple(must_not or ()), tuple(source or ()), outcome)
    with at_home(), transaction() as session:
        made = make_case(session, message_id(message), operator(name), wanted)
        typer.echo(f"{made.case['id']} is asked each night on {made.site_id}.")


@evals.command(name="import")
def import_it(
    kind: Annotated[Kind, typer.Argument(help="What the set is of.")],
    path: Annotated[Path, typer.Argument(help="Its file, or of retrieval its folder.")],
    *,
    to: Annotated[Path | None, typer.Option(help="Write it as a golden set instead of playing it.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Cases at most, drawn by the seed; 0: all.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    json: Annotated[Path | None, typer.Option(help="Write the run to this file.")] = None,
    verbose: Annotated[bool, typer.Option(help="Show every answer, also those that are right.")] = False,
) -> None:
    """Play a public set along a visitor's path and print its figures, or write it as a golden set."""
    from ops.evals.running import Wanted, run_public, write_public

    if to is not None:
        write_public(kind, path, to, limit=limit, seed=seed)
    else:
        run_public(kind, path, Wanted(json=json, verbose=verbose, quiet=not verbose), limit=limit, seed=seed)
