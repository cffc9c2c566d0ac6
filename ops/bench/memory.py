"""`handrail bench memory`: what a turn holds while it waits for its model."""

import asyncio
from contextlib import AsyncExitStack

import httpx2
import typer

from ops.bench.processes import memory_mb
from ops.bench.rig import SETTLE_S, Rig, System, ask_at_once, rig

WAITING = 200
MODEL_MS = 120_000
PATIENCE_S = 60  # until all of them have asked the model
SETTLED_S = 3.0
PATIENT = (
    "CHAT_THREADS=200 DRAIN_SECONDS=1 TURN_SECONDS=240 ACCEPT_SECONDS=300 "
    "MODEL_SILENCE_SECONDS=200 MODEL_FIRST_TOKEN_SECONDS=200 MODEL_SECONDS=240"
)


def run_memory() -> None:
    """Measure and print."""
    with rig(0, PATIENT) as running:
        ask_at_once(running.ours, 20, times=3)
        running.wait(MODEL_MS)
        before, after, waiting = asyncio.run(_waiting(running))
    grown = {name: after[name] - before[name] for name in before}
    parts = ", ".join(f"{name} {before[name]:.0f} → {after[name]:.0f} MB" for name in before)
    typer.echo(
        f"{waiting} of {WAITING} turns wait for a model: {sum(grown.values()) / max(waiting, 1):.2f} MB each; "
        f"aim: 0.5. ({parts})"
    )


async def _waiting(running: Rig) -> tuple[dict[str, float], dict[str, float], int]:
    """Resident memory by process before anybody comes and while all wait, and how many do."""
    before = _memory(running.ours)
    async with (
        httpx2.AsyncClient(base_url=running.ours.url, timeout=60, limits=httpx2.Limits(max_connections=None)) as client,
        AsyncExitStack() as doors,
    ):
        visitors = [await doors.enter_async_context(running.ours.door(client)) for _ in range(WAITING)]
        await asyncio.sleep(SETTLE_S)
        asking = [asyncio.ensure_future(visitor.ask()) for visitor in visitors]
        for _ in range(PATIENCE_S):
            waiting = await running.asking_now()
            if waiting >= WAITING:
                break
            await asyncio.sleep(1)
        await asyncio.sleep(SETTLED_S)
        after = _memory(running.ours)
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    return before, after, waiting


def _memory(system: System) -> dict[str, float]:
    return {name: memory_mb(pid) for name, pid in system.pids().items()}
