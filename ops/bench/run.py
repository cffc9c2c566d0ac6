"""Runs benchmarks on servers that they share."""

from collections.abc import Callable, Sequence

import typer

from ops.apart import apart
from ops.bench import load, memory, phases, rig, soak, thread, turn
from ops.bench.names import Bench
from ops.bench.processes import on_cores, two_sides

POOL = 250  # connections of one process: some benchmarks have 200 threads


def run_bench(which: Sequence[Bench], rounds: int, turns: int) -> None:
    """Run them one after the other, on servers of their own."""
    runs: dict[Bench, Callable[[], None]] = {
        Bench.TURN: lambda: turn.run_turn(rounds),
        Bench.LOAD: lambda: load.run_load(rounds),
        Bench.MEMORY: memory.run_memory,
        Bench.THREAD: thread.run_thread,
        Bench.PHASES: lambda: phases.run_phases(rounds),
        Bench.SOAK: lambda: soak.run_soak(turns),
    }
    sides = two_sides()
    if sides is None:
        typer.echo("One core only: the servers share it with the client and the database.")
    with on_cores(sides[1] if sides else None), apart("bench", pool=POOL):
        rig.prepare()
        for each in which:
            typer.echo(f"\n== {each}")
            runs[each]()
