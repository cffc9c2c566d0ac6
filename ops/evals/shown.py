"""A run in a terminal: what is at fault as it comes, then the figures, and whether they meet their targets."""

from collections.abc import Mapping

import typer
from rich.console import Console
from rich.table import Table

from ops.evals.run_form import Figure, Result, Run

WIDTH = 110
REPLY = 300  # characters of a reply that are shown
OF_TAGS = ("passed", "source_cited", "recall@5", "grounded", "facts", "tool_choice", "state")
AMOUNTS = {"input_tokens", "output_tokens", "cost_usd"}


def show(result: Result, *, verbose: bool = False) -> None:
    """What was said and what is wrong; nothing where nothing is, unless `verbose`."""
    if result.passed and not verbose:
        return
    again = f" (repeat {result.repeat + 1})" if result.repeat else ""
    typer.echo(f"{'✓' if result.passed else '✗'} {result.case}{again}  {' / '.join(result.say)}")
    typer.echo(f"    [{result.outcome}; {', '.join(result.cited)}] {result.reply[:REPLY]}")
    for fault in result.faults:
        typer.echo(f"    ! {fault}")


def print_run(run: Run) -> None:
    """All figures with their intervals, and the main ones for each tag."""
    console = Console(width=WIDTH)
    table = Table("figure", "value", "95 % interval", "of", title=f"{run.suite}: {_setup(run)}")
    for name, figure in run.figures.items():
        table.add_row(name, _number(name, figure.value), _interval(name, figure), str(figure.n))
    console.print(table)
    tags = Table("tag", "cases", *OF_TAGS, title="By tag")
    for tag, figures in run.by_tag.items():
        tags.add_row(tag, str(figures["passed"].n), *(_cell(figures, name) for name in OF_TAGS))
    if run.by_tag:
        console.print(tags)
    typer.echo(f"{len(run.results)} conversations in {run.seconds:.1f} s.")


def targets_met(run: Run, targets: Mapping[str, float]) -> bool:
    """Tell of every target that is missed; without any, every case has to pass."""
    targets = targets or {"passed": 1.0}
    missed = [name for name, target in targets.items() if not _meets(run.figures.get(name), target)]
    for name in missed:
        figure = run.figures.get(name)
        typer.echo(f"! {name} is {_number(name, figure.value) if figure else 'not there'}, target: {targets[name]:g}")
    if not missed:
        typer.echo(f"Every target is met: {', '.join(f'{name} {target:g}' for name, target in targets.items())}.")
    return not missed


def _meets(figure: Figure | None, target: float) -> bool:
    if figure is None:
        return False
    return figure.value >= target if figure.better == "higher" else figure.value <= target


def _setup(run: Run) -> str:
    repeats = f", {run.setup.repeats} times" if run.setup.repeats > 1 else ""
    return f"{' then '.join(run.setup.models)} on {run.site}{repeats}"


def _cell(figures: Mapping[str, Figure], name: str) -> str:
    return _number(name, figures[name].value) if name in figures else "–"


def _interval(name: str, figure: Figure) -> str:
    return f"{_number(name, figure.low)} to {_number(name, figure.high)}"


def _number(name: str, value: float) -> str:
    if name in AMOUNTS:
        return f"{value:,.4f}" if name == "cost_usd" else f"{value:,.0f}"
    return (
        f"{value * 1000:,.0f} ms"
        if name.startswith(("seconds", "plan_", "tools_", "draft_", "other_"))
        else f"{value:.3f}"
    )
