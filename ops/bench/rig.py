"""What benchmarks run: us and the floors, at the same fake model and the same servers, each side on its own core."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from core import db
from core.settings import get_settings
from kb.documents.indexer import index_all
from ops.bench.processes import cpu_seconds, free_port, on_cores, two_sides, wait_for_port
from ops.bench.visitors import PATIENCE_S, Door, Waited, floor_visitor, our_visitor
from ops.children import Child, stop
from ops.demo import content

FLOORS = {"FastAPI + SDK": "ops.bench.floor", "raw ASGI": "ops.bench.floor_raw"}
FREE = {
    "SESSIONS_PER_MINUTE": "1000000",  # all visitors have one address
    "MESSAGES_PER_MINUTE": "1000000",
    "BUDGET_THREAD_USD": "0",  # none
    "BUDGET_SITE_DAY_USD": "0",
    "BUDGET_DAY_USD": "0",
}
SETTLE_S = 0.2  # all streams are open before anybody asks
READY_S = 60.0


@dataclass(frozen=True)
class System:
    """One that answers visitors: its address, and its own processes by name."""

    name: str
    url: str
    door: Callable[[httpx2.AsyncClient], Door]
    children: tuple[Child, ...]

    def pids(self) -> dict[str, int]:
        """Its processes."""
        return {child.name: child.process.pid for child in self.children if child.process}

    def cpu(self) -> dict[str, float]:
        """Seconds of processor time so far, by process."""
        return {name: cpu_seconds([pid]) for name, pid in self.pids().items()}


@dataclass(frozen=True)
class Seen:
    """A question as the model saw it (monotonic seconds)."""

    asked: tuple[float, ...]
    sentence: float  # the piece left that completed the answer's first sentence


@dataclass(frozen=True)
class Rig:
    """The systems, and the model that they ask."""

    systems: tuple[System, ...]  # ours first
    model_url: str

    def seen(self, ref: str) -> Seen:
        """When the model was asked about a question, and when it had sent the answer's first sentence."""
        found = httpx2.get(f"{self.model_url}/seen/{ref}").raise_for_status().json()
        return Seen(tuple(found["asked"]), found["sentence"])

    async def asking_now(self) -> int:
        """How many questions the model has not begun to answer."""
        async with httpx2.AsyncClient() as client:
            return int((await client.get(f"{self.model_url}/seen/nothing")).json()["waiting"])

    def wait(self, milliseconds: int) -> None:
        """Have the model wait so long before its answers."""
        httpx2.get(f"{self.model_url}/wait/{milliseconds}").raise_for_status()

    @property
    def ours(self) -> System:
        """Handrail."""
        return self.systems[0]


@dataclass(frozen=True)
class Round:
    """What one round of questions took: each visitor's waits, and seconds in all."""

    waits: list[Waited]
    seconds: float
    cpu: dict[str, float]  # by process, from the first question to the last answer

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time per turn, all its processes."""
        return sum(self.cpu.values()) * 1000 / len(self.waits)


def prepare() -> None:
    """Make the demo site with its documents. The settings point at servers that this process may write to."""
    with db.transaction() as session:
        content.prepare(session)
    index_all("demo", lambda _, __: None)


@contextmanager
def rig(model_ms: int, settings: str = "", *, piece_ms: int = 0, floors: tuple[str, ...] = ()) -> Iterator[Rig]:
    """Run them while the block runs: the servers under test on one core, all else on the others.

    `settings` are ours, spelled as in the environment, without their prefix: "CHAT_THREADS=200 …".
    """
    model_port, port = free_port(), free_port()
    ports = {name: free_port() for name in floors}
    model_url = f"http://127.0.0.1:{model_port}"
    _configure(model_url, port, dict(one.split("=") for one in settings.split()))
    folder: Path = get_settings().home / "log"
    waits = (str(model_ms), str(piece_ms))
    model = Child("model", ("-m", "ops.bench.fake_model", str(model_port), *waits), folder / "model.log")
    api = Child("api", ("-m", "ops.demo.app"), folder / "api.log")
    chat = Child("chat", ("-m", "ops.cli", "worker", "chat"), folder / "chat.log")
    systems = [System("handrail", f"http://127.0.0.1:{port}", our_visitor, (api, chat))]
    for name, its_port in ports.items():
        child = Child("floor", ("-m", FLOORS[name], str(its_port), f"{model_url}/v1"), folder / "floor.log")
        systems.append(System(name, f"http://127.0.0.1:{its_port}", floor_visitor, (child,)))
    tested = tuple(child for system in systems for child in system.children)
    sides = two_sides()
    try:
        with on_cores(sides[1] if sides else None):
            model.start()
        with on_cores(sides[0] if sides else None):
            for child in tested:
                child.start()
        for listening in (model_port, port, *ports.values()):
            wait_for_port(listening)
        _wait_for_worker(port)
        yield Rig(tuple(systems), model_url)
    finally:
        stop((model, *tested), 25.0)


def ask_at_once(system: System, count: int, *, times: int = 1) -> Round:
    """`count` visitors, who all ask at the same moment, `times` in a row. Opening conversations is not measured."""
    return asyncio.run(_at_once(system, count, times))


async def _at_once(system: System, count: int, times: int) -> Round:
    limits = httpx2.Limits(max_connections=None)
    async with (
        httpx2.AsyncClient(base_url=system.url, timeout=PATIENCE_S, limits=limits) as client,
        AsyncExitStack() as doors,
    ):
        opening = (doors.enter_async_context(system.door(client)) for _ in range(count))
        visitors = [await one for one in opening]
        await asyncio.sleep(SETTLE_S)
        before, began = system.cpu(), time.monotonic()
        waits: list[Waited] = []
        for _ in range(times):
            waits += await asyncio.gather(*(visitor.ask() for visitor in visitors))
        after = system.cpu()
        return Round(waits, time.monotonic() - began, {name: after[name] - used for name, used in before.items()})


def _configure(model_url: str, port: int, settings: dict[str, str]) -> None:
    ours = {"PROFILE": "demo", "PORT": str(port), "BRAIN": "openai", "MODEL": "fake", "CHAT_THREADS": "24"}
    os.environ.update({f"HANDRAIL_{name}": value for name, value in (ours | FREE | settings).items()})
    os.environ["OPENAI_BASE_URL"] = f"{model_url}/v1"
    get_settings.cache_clear()


def _wait_for_worker(port: int) -> None:
    """Return once the worker has announced itself, and is warm."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            if client.get("/readyz").json()["parts"].get("worker:chat") == "ok":
                return
        time.sleep(0.1)
