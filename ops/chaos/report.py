"""What chaos prints: one table of deaths and one of promises for each part, and the same as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from ops.chaos.recovery import Spread
from ops.chaos.watch import LIMIT_S, Outcome

SHOWN = 8  # broken promises of a part


def show(outcome: Outcome) -> None:
    """Print one part."""
    console = Console(width=120)
    deaths = Table("where", "rounds", title=f"Chaos: {outcome.name}, {sum(outcome.rounds.values())} rounds")
    for name, count in outcome.rounds.items():
        deaths.add_row(name, str(count))
    console.print(deaths)
    if outcome.never:
        typer.echo(f"Seen in the trace, but never died at: {', '.join(outcome.never)}")
    verdict = outcome.verdict
    for name, value in {
        "messages accepted, turns": f"{verdict.accepted}, {verdict.turns} ({outcome.retries} retried requests)",
        "lost": len(verdict.lost),
        "doubled": len(verdict.doubled),
        "loose ends": len(verdict.loose),
        "replayed otherwise": len(verdict.differs),
        "stated failures": f"{verdict.degraded.total()} {dict(verdict.degraded) if verdict.degraded else ''}",
        "from the kill to the end of the turns it hit": _seconds(outcome.after_kill),
        "from acceptance to the end, all turns": _seconds(outcome.accepted_to_end),
        "took": f"{outcome.seconds:.0f} s",
    }.items():
        typer.echo(f"  {name}: {value}")
    for line in outcome.broken[:SHOWN]:
        typer.echo(f"  BROKEN: {line}")
    if len(outcome.broken) > SHOWN:
        typer.echo(f"  … and {len(outcome.broken) - SHOWN} more")


def write(outcomes: Sequence[Outcome], file: Path) -> None:
    """Everything as JSON."""
    file.write_text(json.dumps([as_json(outcome) for outcome in outcomes], indent=1, default=str))


def as_json(outcome: Outcome) -> dict[str, object]:
    """One part for a machine."""
    spreads = {name: getattr(outcome, name).as_json() for name in ("after_kill", "accepted_to_end")}
    verdict = {**vars(outcome.verdict), "degraded": dict(outcome.verdict.degraded)}  # `asdict` would garble a Counter
    kept = {name: value for name, value in vars(outcome).items() if name not in spreads}
    return kept | spreads | {"verdict": verdict, "broken": outcome.broken}


def _seconds(spread: Spread) -> str:
    return (
        f"p50 {spread.p50:.1f}, p95 {spread.p95:.1f}, longest {spread.most:.1f} s; "
        f"{spread.over} of {spread.count} over {LIMIT_S:.0f} s"
    )
