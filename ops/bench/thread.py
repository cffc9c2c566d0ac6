"""`handrail bench thread`: whether a turn costs more the longer its conversation is."""

import asyncio

import httpx2
import typer

from ops.bench.rig import System, ask_at_once, rig
from ops.bench.visitors import PATIENCE_S

EARLY, LATE = (5, 15), (50, 60)  # turns that are measured together: a clock tick is coarse
CONVERSATIONS = 2


def run_thread() -> None:
    """Measure and print."""
    with rig(0) as running:
        ask_at_once(running.ours, 1, times=5)
        used = [asyncio.run(_converse(running.ours)) for _ in range(CONVERSATIONS)]
    early, late = (sum(one[end] - one[start] for one in used) for start, end in (EARLY, LATE))
    turns = CONVERSATIONS * (LATE[1] - LATE[0]) / 1000
    typer.echo(
        f"A conversation of {LATE[1]} turns: {early / turns:.1f} ms CPU a turn around turn 10, "
        f"{late / turns:.1f} at its end: {late / early:.2f} ×; aim: 1.2."
    )


async def _converse(system: System) -> list[float]:
    """Seconds of processor time that were used before each turn, and after the last."""
    used = []
    async with (
        httpx2.AsyncClient(base_url=system.url, timeout=PATIENCE_S) as client,
        system.door(client) as visitor,
    ):
        for _ in range(LATE[1]):
            used.append(sum(system.cpu().values()))
            await visitor.ask()
        return [*used, sum(system.cpu().values())]
