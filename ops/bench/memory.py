"""`handrail bench memory`: what a turn holds while it waits for its model."""

import asyncio
from contextlib import AsyncExitStack

import httpx2
import typer

from ops.bench.processes import memory_mb, threads_and_files
from ops.bench.rig import SETTLE_S, Rig, System, ask_at_once, rig

WAITING = 200
MODEL_MS = 20_000
SAMPLE_S = 15.0  # all of them wait by then
PATIENT = (
    "CHAT_THREADS=200 DRAIN_SECONDS=1 TURN_SECONDS=90 ACCEPT_SECONDS=180 "
    "MODEL_SILENCE_SECONDS=60 MODEL_FIRST_TOKEN_SECONDS=60 MODEL_SECONDS=90"
)


def run_memory() -> None:
    """Measure and print."""
    with rig(0, PATIENT) as running:
        ask_at_once(running.ours, 20, times=3)
        running.wait(MODEL_MS)
        before, after = asyncio.run(_waiting(running))
        threads = {name: threads_and_files(pid)[0] for name, pid in running.ours.pids().items()}
    grown = {name: after[name] - before[name] for name in before}
    parts = ", ".join(f"{name} {before[name]:.0f} → {after[name]:.0f} MB" for name in before)
    typer.echo(
        f"{WAITING} turns wait for a model: {sum(grown.values()) / WAITING:.2f} MB each; aim: 0.5. "
        f"({parts}; {threads['chat']} threads in the worker)"
    )


async def _waiting(running: Rig) -> tuple[dict[str, float], dict[str, float]]:
    """Resident memory by process: before anybody comes, and while all wait."""
    before = _memory(running.ours)
    async with (
        httpx2.AsyncClient(base_url=running.ours.url, timeout=60, limits=httpx2.Limits(max_connections=None)) as client,
        AsyncExitStack() as doors,
    ):
        visitors = [await doors.enter_async_context(running.ours.door(client)) for _ in range(WAITING)]
        await asyncio.sleep(SETTLE_S)
        asking = [asyncio.ensure_future(visitor.ask()) for visitor in visitors]
        await asyncio.wait(asking, timeout=SAMPLE_S, return_when=asyncio.FIRST_COMPLETED)
        after = _memory(running.ours)
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    return before, after


def _memory(system: System) -> dict[str, float]:
    return {name: memory_mb(pid) for name, pid in system.pids().items()}
