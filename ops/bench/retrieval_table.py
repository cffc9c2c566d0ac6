"""Systems asked in turns, and the table of what each took and found."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import typer

from ops.bench.corpus import Question
from ops.bench.retrieval_systems import System

TOP = 3


@dataclass(frozen=True)
class Row:
    """One system at one size. `recall`: of the 8 true neighbours; `exact`: of BM25's best 3; `hit`: the chunk meant."""

    name: str
    chunks: int
    p50: float  # milliseconds
    p95: float
    asked: int
    recall: float | None = None
    exact: float | None = None
    hit: float | None = None


def measure(
    systems: Sequence[System], asked: Sequence[tuple[Question, int]]
) -> tuple[dict[str, list[float]], dict[str, list[Sequence[int]]]]:
    """Milliseconds and finds by system. All of them take turns, so that a noisy moment hits every one."""
    took: dict[str, list[float]] = {system.name: [] for system in systems}
    found: dict[str, list[Sequence[int]]] = {system.name: [] for system in systems}
    for system in systems:
        for question, site in asked[:: max(1, len(asked) // 8)]:  # warm: connections, plans, caches
            system.ask(question, site)
    for n, (question, site) in enumerate(asked):
        for system in systems:
            if n % max(1, len(asked) // system.most):
                found[system.name].append(())
                continue
            began = time.perf_counter()
            got = system.ask(question, site)
            took[system.name].append((time.perf_counter() - began) * 1000)
            found[system.name].append(system.found(question, site) if system.found else got)
    return took, found


def row(system: System, chunks: int, took: list[float], **shares: float) -> Row:
    """What came of one system."""
    p50, p95 = np.quantile(took, [0.5, 0.95])
    return Row(system.name, chunks, float(p50), float(p95), len(took), **shares)


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
    ours = rows[0].p50
    heads = "".join(f"{name:>8}" for name in shares)
    typer.echo(f"  {'':<36}{'p50 ms':>9}{'p95 ms':>9}{heads}{'asked':>7}{'ours ÷ it':>11}")
    for row in rows:
        said = "".join(f"{getattr(row, name):>8.3f}" for name in shares)
        typer.echo(f"  {row.name:<36}{row.p50:>9.2f}{row.p95:>9.2f}{said}{row.asked:>7}{ours / row.p50:>11.2f}")
