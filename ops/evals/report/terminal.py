"""A comparison in a terminal, and as JSON."""

import json
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

from ops.evals.report.compare import Comparison, Difference
from ops.evals.report.written import amount, chance, change

WIDTH = 118


def print_comparison(found: Comparison) -> None:
    """What differs, and whether that is more than noise."""
    for line in found.changes or ("Nothing that a run records is set otherwise.",):
        typer.echo(f"  {line}")
    table = Table("measure", "before", "now", "difference, 95 %", "worse/better", "what can be said")
    for one in found.differences:
        row = [one.name, amount(one.name, one.before), amount(one.name, one.now), _moved(one)]
        table.add_row(*row, f"{one.lost}/{one.won} of {one.n}", _said(one))
    Console(width=WIDTH).print(table)
    for title, some in (("Worse now", found.broken), ("Better now", found.fixed)):
        if some:
            typer.echo(f"{title}: {', '.join(some)}")
    apart = f"; {found.apart} stand in one alone, or were changed" if found.apart else ""
    typer.echo(f"{found.cases} cases in both{apart}.")


def as_json(found: Comparison) -> str:
    """The same as JSON; the runs by their ids."""
    told = {
        "before": str(found.before.id),
        "now": str(found.now.id),
        "cases": found.cases,
        "apart": found.apart,
        "changes": found.changes,
        "broken": found.broken,
        "fixed": found.fixed,
        "differences": [asdict(one) | {"effect": one.effect, "says": one.says} for one in found.differences],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _moved(one: Difference) -> str:
    if one.says == "same":
        return "none"
    return f"{change(one.name, one.effect)} ({change(one.name, one.low)} to {change(one.name, one.high)})"


def _said(one: Difference) -> str:
    if one.says == "same":
        return "the same on every case"
    return f"{one.says}, {chance(one.p)}"
