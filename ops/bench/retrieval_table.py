"""Systems asked in turns, and the table of what each took and found."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import typer

from ops.bench.corpus import Question
from ops.bench.processes import worked_ns
from ops.bench.retrieval_systems import System

TOP = 3


@dataclass(frozen=True)
class Row:
    """One system at one size. `recall`: of the 8 true neighbours; `exact`: of BM25's best 3; `hit`: the chunk meant."""

    name: str
    chunks: int
    p50: float  # milliseconds
    p95: float
    cpu: float  # milliseconds of processor time, ours and PostgreSQL's, in the median
    asked: int
    recall: float | None = None
    exact: float | None = None
    hit: float | None = None


@dataclass
class Measured:
    """What one system took, a number for each question that it was asked, and what it found for every question."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    found: list[Sequence[int]] = field(default_factory=list)


def measure(systems: Sequence[System], asked: Sequence[tuple[Question, int]]) -> dict[str, Measured]:
    """Ask by turns, so that a noisy moment hits every system; `found` is empty for questions that one was spared."""
    measured = {system.name: Measured() for system in systems}
    for system in systems:
        for question, site in asked[:: max(1, len(asked) // 8)]:  # warm: connections, plans, caches
            system.ask(question, site)
    backends = {system.name: system.backends() for system in systems}
    for n, (question, site) in enumerate(asked):
        for system in systems:
            into = measured[system.name]
            if n % max(1, len(asked) // system.most):
                into.found.append(())
                continue
            worked, own, began = worked_ns(backends[system.name]), time.process_time(), time.perf_counter()
            got = system.ask(question, site)
            into.wall_ms.append((time.perf_counter() - began) * 1e3)
            into.cpu_ms.append((time.process_time() - own) * 1e3 + (worked_ns(backends[system.name]) - worked) / 1e6)
            into.found.append(system.found(question, site) if system.found else got)
    return measured


def row(system: System, chunks: int, took: Measured, **shares: float) -> Row:
    """What came of one system."""
    p50, p95 = np.quantile(took.wall_ms, [0.5, 0.95])
    cpu = float(np.median(took.cpu_ms))
    return Row(system.name, chunks, float(p50), float(p95), cpu, len(took.wall_ms), **shares)


def share(found: list[Sequence[int]], truth: list[list[int]], top: int) -> float:
    """Of the true `top`, which share was found among as many, over the questions that were asked."""
    shares = [
        len(set(got[:top]) & set(true[:top])) / len(true[:top])
        for got, true in zip(found, truth, strict=True)
        if len(got) and true
    ]
    return float(np.mean(shares)) if shares else 0.0


def hits(found: list[Sequence[int]], asked: Sequence[tuple[Question, int]]) -> float:
    """How often the chunk that was meant is among the first three."""
    return float(np.mean([one.chunk in got[:TOP] for got, (one, _) in zip(found, asked, strict=True) if len(got)]))


def show(title: str, rows: list[Row], *shares: str) -> None:
    """Print rows, ours first, with how many times as long as each we take."""
    typer.echo(f"\n{title}")
    ours = rows[0]
    heads = "".join(f"{name:>8}" for name in shares)
    typer.echo(f"  {'':<36}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>9}{heads}{'asked':>7}{'ours ÷ it':>11}{'by CPU':>8}")
    for one in rows:
        said = "".join(f"{getattr(one, name):>8.3f}" for name in shares)
        ratios = f"{ours.p50 / one.p50:>11.2f}{ours.cpu / one.cpu:>8.2f}"
        typer.echo(f"  {one.name:<36}{one.p50:>9.2f}{one.p95:>9.2f}{one.cpu:>9.2f}{said}{one.asked:>7}{ratios}")
