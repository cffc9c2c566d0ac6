"""The command `handrail eval`, and those below it. Without one of their names it runs a set."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

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
    judge: Annotated[int, typer.Option(min=0, help="Ask the model so often to judge each answer, too; 0: never.")] = 0,
    json: Annotated[Path | None, typer.Option(help="Write the run to this file.")] = None,
    verbose: Annotated[bool, typer.Option(help="Show every answer, not only those at fault.")] = False,
) -> None:
    """Play golden cases along a visitor's path; exit code 1 where a target is missed."""
    from ops.evals.running import Wanted, run_demo, run_live, run_questions

    if questions is not None and set_ is not None:
        raise typer.BadParameter("name one set, not two", param_hint="--set")
    chosen = set_ or questions
    if chosen is None and not (site or json or tag or judge or repeats > 1):
        raise typer.Exit(0 if run_questions(verbose=verbose) else 1)
    wanted = Wanted(chosen, repeats=repeats, tag=tag, judge=judge, json=json, verbose=verbose)
    raise typer.Exit(0 if (run_live(wanted, site) if site else run_demo(wanted)) else 1)
