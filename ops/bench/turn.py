"""`handrail bench turn`: what a turn costs and how long it takes, beside two floors in the same run."""

from collections.abc import Sequence
from statistics import median, quantiles

import typer
from rich.console import Console
from rich.table import Table

from ops.bench.rig import FLOORS, Rig, Round, System, ask_at_once, rig
from ops.bench.visitors import Waited

MODEL_CALLS = 2
PIECE_MS = 5  # between two words, as models write
WARM = 2


def run_turn(rounds: int) -> None:
    """Measure and print: overhead and processor time, then the first sentence's way."""
    table = Table("model", "at once", "what", "first words p50 / p95", "done p50 / p95", "not the model", "CPU ms/turn")
    for model_ms in (0, 300):
        with rig(model_ms, floors=tuple(FLOORS)) as running:
            for at_once in (1, 20):
                _compare(table, running.systems, model_ms, at_once, rounds)
    Console(width=130).print(table)
    typer.echo("Times in ms. The floors make the same calls by hand and keep one row; ours keeps every step.")
    _first_sentence(rounds)


def _compare(table: Table, systems: Sequence[System], model_ms: int, at_once: int, rounds: int) -> None:
    """Turn and turn about, so that a noisy moment hits all."""
    got: dict[str, list[Round]] = {system.name: [] for system in systems}
    for n in range(-WARM, max(4, rounds // at_once)):
        for system in systems:
            done = ask_at_once(system, at_once)
            if n >= 0:
                got[system.name].append(done)
    ours = _cost(got[systems[0].name])
    for system in systems:
        waits = [wait for done in got[system.name] for wait in done.waits]
        its = _cost(got[system.name])
        beside = "" if system is systems[0] else f" (ours: {ours[0] / its[0]:.2f} ×, CPU {ours[1] / its[1]:.2f} ×)"
        row = (*_spreads(waits), f"{its[0] - MODEL_CALLS * model_ms:.0f}", f"{its[1]:.1f}")
        table.add_row(f"{model_ms} ms", str(at_once), system.name + beside, *row)
    table.add_section()


def _cost(rounds: list[Round]) -> tuple[float, float]:
    """Median milliseconds until done, and milliseconds of processor time per turn."""
    waits = [wait.done * 1000 for done in rounds for wait in done.waits]
    return median(waits), sum(done.cpu_ms * len(done.waits) for done in rounds) / len(waits)


def _spreads(waits: list[Waited]) -> tuple[str, str]:
    return spread([wait.first_sentence * 1000 for wait in waits]), spread([wait.done * 1000 for wait in waits])


def spread(values: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{median(values):.0f} / {quantiles(values, n=20, method='inclusive')[-1]:.0f}"


def _first_sentence(rounds: int) -> None:
    with rig(50, piece_ms=PIECE_MS) as running:
        ask_at_once(running.ours, 1, times=WARM)
        waits = ask_at_once(running.ours, 1, times=rounds).waits
        late = [_late_ms(running, wait) for wait in waits]
    typer.echo(
        f"First sentence: {spread(late)} ms (p50 / p95) from the moment that the model has sent its last word, "
        f"one word each {PIECE_MS} ms; aim: 10."
    )


def _late_ms(running: Rig, wait: Waited) -> float:
    return (wait.first_at - running.seen(wait.ref).sentence) * 1000
