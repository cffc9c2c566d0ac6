"""`handrail bench`: from the POST to the first sentence and to `done`, beside a floor in the same run."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import httpx2
import typer
from rich.console import Console
from rich.table import Table

from core import db
from core.settings import get_settings
from kb.indexer import index_all
from ops.bench.processes import cpu_seconds, free_port, wait_for_port
from ops.bench.visitors import PATIENCE_S, Waited, ask_floor, ask_handrail
from ops.children import Child, stop
from ops.demo import content

MODEL_CALLS = 2
Visitor = Callable[[httpx2.AsyncClient, asyncio.Event], Awaitable[Waited]]


@dataclass(frozen=True)
class Measured:
    """What one system needed in one situation."""

    waits: list[Waited]
    cpu_ms: float  # processor time per turn, all its own processes, without PostgreSQL and Valkey


def run_bench(rounds: int = 20) -> None:
    """Measure and print. The settings point at servers that this process may write to."""
    with db.transaction() as session:
        content.prepare(session)
    index_all("demo", lambda _, __: None)
    table = Table(
        "model", "at once", "what", "first sentence p50 / p95", "done p50 / p95", "not the model", "CPU ms/turn"
    )
    for model_ms in (0, 300):
        with _systems(model_ms) as systems:
            for at_once in (1, 20):
                _compare(table, systems, model_ms, at_once, rounds)
    Console(width=130).print(table)
    typer.echo("Times in ms. The floor makes the same calls by hand and keeps one row; ours keeps every step.")


@dataclass(frozen=True)
class _System:
    name: str
    url: str
    visitor: Visitor
    children: tuple[Child, ...]


def _compare(table: Table, systems: list[_System], model_ms: int, at_once: int, rounds: int) -> None:
    """Turn and turn about, so that a noisy moment hits both."""
    waits: dict[str, list[Waited]] = {system.name: [] for system in systems}
    cpu: dict[str, float] = {system.name: 0.0 for system in systems}
    for round_number in range(-2, max(4, rounds // at_once)):  # the first two warm up
        for system in systems:
            pids = [child.process.pid for child in system.children if child.process]
            before = cpu_seconds(pids)
            got = asyncio.run(_at_once(system, at_once))
            if round_number >= 0:
                cpu[system.name] += cpu_seconds(pids) - before
                waits[system.name] += got
    ratios = []
    for system in systems:
        measured = Measured(waits[system.name], cpu[system.name] * 1000 / len(waits[system.name]))
        table.add_row(f"{model_ms} ms", str(at_once), system.name, *_row(measured, model_ms))
        ratios.append((median(wait.done for wait in measured.waits), measured.cpu_ms))
    (ours, ours_cpu), (floor, floor_cpu) = ratios
    table.add_row("", "", "ratio", "", f"{ours / floor:.2f}", "", f"{ours_cpu / floor_cpu:.2f}", end_section=True)


def _row(measured: Measured, model_ms: int) -> tuple[str, ...]:
    first = [wait.first_sentence * 1000 for wait in measured.waits]
    done = [wait.done * 1000 for wait in measured.waits]
    rest = median(done) - MODEL_CALLS * model_ms
    return (_spread(first), _spread(done), f"{rest:.0f}", f"{measured.cpu_ms:.1f}")


def _spread(values: list[float]) -> str:
    return f"{median(values):.0f} / {quantiles(values, n=20, method='inclusive')[-1]:.0f}"


async def _at_once(system: _System, count: int) -> list[Waited]:
    started = asyncio.Event()
    async with httpx2.AsyncClient(base_url=system.url, timeout=PATIENCE_S, limits=httpx2.Limits()) as client:
        asking = [asyncio.ensure_future(system.visitor(client, started)) for _ in range(count)]
        await asyncio.sleep(0.2)  # all streams are open before anybody asks
        started.set()
        return list(await asyncio.gather(*asking))


@contextmanager
def _systems(model_ms: int) -> Iterator[list[_System]]:
    """Us and the floor, both at the same fake model and the same servers."""
    model_port, port, floor_port = free_port(), free_port(), free_port()
    model_url = f"http://127.0.0.1:{model_port}/v1"
    os.environ.update(
        HANDRAIL_PROFILE="demo",
        HANDRAIL_PORT=str(port),
        HANDRAIL_BRAIN="openai",
        HANDRAIL_MODEL="fake",
        OPENAI_BASE_URL=model_url,
        HANDRAIL_SESSIONS_PER_MINUTE="100000",
        HANDRAIL_CHAT_THREADS="24",
        HANDRAIL_DATABASE_POOL="26",
    )
    get_settings.cache_clear()
    folder: Path = get_settings().home / "log"
    model = Child("model", ("-m", "ops.bench.fake_model", str(model_port), str(model_ms)), folder / "model.log")
    api = Child("api", ("-m", "ops.demo.app"), folder / "api.log")
    chat = Child("chat", ("-m", "ops.cli", "worker", "chat"), folder / "chat.log")
    floor = Child("floor", ("-m", "ops.bench.floor", str(floor_port), model_url), folder / "floor.log")
    children = (model, api, chat, floor)
    try:
        for child in children:
            child.start()
        for listening in (model_port, port, floor_port):
            wait_for_port(listening)
        ours = _System("handrail", f"http://127.0.0.1:{port}", ask_handrail, (api, chat))
        yield [ours, _System("floor", f"http://127.0.0.1:{floor_port}", ask_floor, (floor,))]
    finally:
        stop(children, 5.0)
