"""Runs benchmarks on servers that they share."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from ops.apart import apart
from ops.bench import load, memory, phases, rig, soak, thread, turn
from ops.bench.names import ALONE, Bench
from ops.bench.processes import on_cores, two_sides

MOST_ROUNDS = 3  # of the webhooks: each is some seconds at full speed for each system
GUESSES_A_ROUND = 60
POOL = 250  # connections of one process: some benchmarks have 200 threads


@dataclass(frozen=True)
class Size:
    """How much knowledge is searched and indexed, and where the figures and other engines are kept."""

    chunks: tuple[int, ...]
    quick: bool = False
    peers: Path | None = None
    json: Path | None = None


def run_bench(which: Sequence[Bench], rounds: int, turns: int, size: Size) -> None:
    """Run them one after the other, on servers of their own."""
    if talking := [one for one in which if one not in ALONE]:
        _run_talking(talking, rounds, turns)
    for one in which:
        if one in ALONE:
            run_alone(one, rounds, size)


def run_alone(which: Bench, rounds: int, size: Size) -> None:
    """Run one on a fresh database, gone after it."""
    from ops.bench.desk import run_desk
    from ops.bench.indexing import run_indexing
    from ops.bench.instruments import run_instruments
    from ops.bench.privacy import run_privacy
    from ops.bench.refusals import run_refusals
    from ops.bench.retrieval import run_retrieval
    from ops.bench.sealing import run_sealing
    from ops.bench.slack import run_slack
    from ops.bench.webhooks import run_webhooks

    runs: dict[Bench, Callable[[], object]] = {
        Bench.RETRIEVAL: lambda: run_retrieval(size.chunks, quick=size.quick, peers=size.peers, json=size.json),
        Bench.INDEXING: lambda: run_indexing(quick=size.quick, json=size.json),
        Bench.WEBHOOKS: lambda: run_webhooks(min(rounds, MOST_ROUNDS)),
        Bench.DESK: lambda: run_desk(rounds),
        Bench.REFUSALS: lambda: run_refusals(rounds * GUESSES_A_ROUND),
        Bench.SLACK: lambda: run_slack(rounds),
        Bench.PRIVACY: lambda: run_privacy(rounds),
        Bench.INSTRUMENTS: lambda: run_instruments(rounds),
        Bench.SEALING: lambda: run_sealing(rounds),
    }
    sides = two_sides() if which in {Bench.WEBHOOKS, Bench.SLACK} else None  # what is under test gets a core to itself
    cores = on_cores(sides[1] if sides else None)
    with tempfile.TemporaryDirectory(prefix="handrail-bench-") as home, cores, apart(home):
        typer.echo(f"\n== {which}")
        runs[which]()


def _run_talking(which: Sequence[Bench], rounds: int, turns: int) -> None:
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
