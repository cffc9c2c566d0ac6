"""`handrail bench soak`: thousands of turns through the same processes, and whether they grow."""

import asyncio
import time
from dataclasses import dataclass

import httpx2
import typer
from sqlalchemy import text

from core import db
from ops.bench.processes import memory_mb, threads_and_files
from ops.bench.rig import System, rig
from ops.bench.visitors import PATIENCE_S

AT_ONCE = 8
TURNS_EACH = 5  # of a conversation
LOOKS = (500, 1_000, 2_500, 5_000, 10_000)
CONNECTIONS = text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")


@dataclass(frozen=True)
class Size:
    """How large one process is after so many turns."""

    turns: int
    memory_mb: float
    threads: int
    files: int


def run_soak(turns: int) -> None:
    """Drive so many turns, and print sizes on the way and the slope at the end."""
    sizes: dict[str, list[Size]] = {"api": [], "chat": []}
    with rig(0) as running:
        began, done = time.monotonic(), 0
        for until in sorted({*(look for look in LOOKS if look < turns), turns}):
            asyncio.run(_drive(running.ours, until - done))
            done = until
            time.sleep(1)  # what has just ended is gone then
            for name, pid in running.ours.pids().items():
                size = Size(done, memory_mb(pid), *threads_and_files(pid))
                sizes[name].append(size)
                typer.echo(
                    f"{done:>6} turns  {name:<5} {size.memory_mb:7.1f} MB  {size.threads:>3} threads  "
                    f"{size.files:>3} files  {_connections():>3} connections  {time.monotonic() - began:.0f} s"
                )
    for name, kept in sizes.items():
        typer.echo(f"{name}: {_slope(kept):+.2f} MB per 1,000 turns after the first {kept[0].turns}")


async def _drive(system: System, turns: int) -> None:
    left = turns

    async def visit(client: httpx2.AsyncClient) -> None:
        nonlocal left
        while left > 0:
            async with system.door(client) as visitor:
                for _ in range(min(TURNS_EACH, left)):
                    left -= 1
                    await visitor.ask()

    async with httpx2.AsyncClient(base_url=system.url, timeout=PATIENCE_S) as client:
        await asyncio.gather(*(visit(client) for _ in range(AT_ONCE)))


def _connections() -> int:
    with db.transaction() as session:
        return int(session.scalar(CONNECTIONS) or 0)


def _slope(kept: list[Size]) -> float:
    """MB per 1,000 turns from the first look to the last."""
    span = kept[-1].turns - kept[0].turns
    return (kept[-1].memory_mb - kept[0].memory_mb) / span * 1000 if span else 0.0
