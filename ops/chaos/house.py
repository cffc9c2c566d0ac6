"""A whole Handrail that is there to be hurt: servers, model, a site with a document, and processes in slots."""

import asyncio
import os
import random
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from core.db import transaction
from core.embedded import Addresses
from core.models import Turn
from core.settings import get_settings
from kb.documents.indexer import index_all
from ops.bench.processes import free_port, wait_for_port
from ops.chaos.points import Deck
from ops.chaos.servers import Server, find_servers
from ops.chaos.victims import Kind, Victim
from ops.children import Child, stop

TOOLS = ["search_kb", "create_ticket", "handoff_human"]
RETURNS = "# Returns\n\nYou can send a jacket back within 60 days. We refund within 5 working days.\n"
PATIENCE_S = 12.0  # a process that does not come to its point by then is killed where it is
STEP_S = 0.02
APIS = 3
# Small processes that start quickly; no embedding model of their own; nothing is limited that chaos needs much of.
LEAN = {
    "HANDRAIL_PROFILE": "test",
    "HANDRAIL_BRAIN": "openai",
    "HANDRAIL_MODEL": "fake",
    "HANDRAIL_EMBEDDER": "openai",
    "HANDRAIL_CHAT_THREADS": "4",
    "HANDRAIL_SESSIONS_PER_MINUTE": "1000000",
    "HANDRAIL_MESSAGES_PER_MINUTE": "1000000",
    "HANDRAIL_BUDGET_THREAD_USD": "0",
    "HANDRAIL_BUDGET_SITE_DAY_USD": "0",
    "HANDRAIL_BUDGET_DAY_USD": "0",
    "HANDRAIL_HANDOFF_WAIT_MINUTES": "100000",  # nobody comes for those who wait
    "HANDRAIL_SECRET_KEY": "a-secret-for-chaos-that-nobody-else-uses",
    "OPENBLAS_NUM_THREADS": "1",
}


@dataclass(frozen=True)
class Kill:
    """A process that died: when, where, and which turns it held. A server has come back at `at`."""

    kind: str
    spec: str  # "" at a random moment
    at: float
    began: float = 0.0
    held: tuple[UUID, ...] = ()


@dataclass
class House:
    """The servers, and every process that was started. One event loop, in the main thread."""

    site: str
    log: Path
    postgres: Server
    valkey: Server
    ports: tuple[int, ...]
    kills: list[Kill] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # processes that ended by themselves
    closing: bool = False
    patience_s: float = PATIENCE_S
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    _victims: set[int] = field(default_factory=set)

    def start(self, kind: Kind, spec: str = "", port: int = 0, **settings: str) -> Victim:
        """A process of `kind`, armed with `spec`."""
        given = settings | ({"HANDRAIL_PORT": str(port)} if port else {})
        return Victim(kind, spec, given, self.log / f"{kind}.log").start()

    def keep(self, kind: Kind, count: int = 1, **settings: str) -> None:
        """Keep `count` processes of `kind` alive that nothing kills on purpose."""
        for i in range(count):
            self._run(self._steady(kind, self._port(kind, i), settings))

    def keep_apis(self, count: int) -> None:
        """Keep so many alive; visitors know no others."""
        self.ports = self.ports[:count]
        self.keep("api", count)

    def keep_dying(self, kind: Kind, deck: Deck, count: int, *, first: int = 0) -> None:
        """Keep `count` processes alive, each of which dies at the deck's next point; another takes its place."""
        for i in range(first, first + count):
            self._run(self._doomed(kind, deck, self._port(kind, i)))

    def keep_shooting(self, kind: Kind, deck: Deck, seconds: tuple[float, float], *, first: int = 0) -> None:
        """Keep one alive that is killed after a random life of so many `seconds`."""
        self._run(self._shot(kind, deck, seconds, self._port(kind, first)))

    async def close(self) -> None:
        """Kill all processes; the servers stay."""
        self.closing = True
        await asyncio.gather(*self._tasks)
        self._tasks.clear()
        self.closing = False

    def _port(self, kind: Kind, i: int) -> int:
        return self.ports[i % len(self.ports)] if kind == "api" else 0

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    async def _steady(self, kind: Kind, port: int, settings: dict[str, str]) -> None:
        while not self.closing:
            victim = self.start(kind, port=port, **settings)
            if not await self._until(victim, lambda: False):
                self.faults.append(f"a {kind} ended by itself with code {victim.process.exitcode}")
                await asyncio.sleep(1.0)

    async def _doomed(self, kind: Kind, deck: Deck, port: int) -> None:
        while not self.closing:
            spec = deck.draw()
            victim = self.start(kind, spec, port)
            over = time.time() + self.patience_s
            in_time = not await self._until(victim, lambda over=over: time.time() > over)  # type: ignore[misc]
            if self.closing:
                continue
            if in_time and not victim.was_killed:
                self.faults.append(f"a {kind} at {spec!r} ended by itself with code {victim.process.exitcode}")
                await asyncio.sleep(1.0)
            deck.drawn(spec, died=in_time)
            await self._note(Kill(kind, spec if in_time else "", time.time()), victim)

    async def _shot(self, kind: Kind, deck: Deck, seconds: tuple[float, float], port: int) -> None:
        while not self.closing:
            victim = self.start(kind, port=port)
            over = time.time() + random.uniform(*seconds)  # noqa: S311 - chance, not secrecy
            await self._until(victim, lambda over=over: time.time() > over)  # type: ignore[misc]
            if not self.closing:
                deck.drawn("", died=True)
                await self._note(Kill(kind, "", time.time()), victim)

    async def _until(self, victim: Victim, over: Callable[[], bool]) -> bool:
        """Wait; False where it died before. What still lives then is killed."""
        while victim.alive and not over() and not self.closing:  # noqa: ASYNC110 - processes tell nobody
            await asyncio.sleep(STEP_S)
        lived = victim.alive
        victim.end()
        while victim.alive:  # noqa: ASYNC110
            await asyncio.sleep(STEP_S)
        return lived

    async def _note(self, kill: Kill, victim: Victim) -> None:
        held = await asyncio.to_thread(held_by, victim.pid) if kill.kind == "worker" else ()
        self.kills.append(replace(kill, held=held))


def held_by(pid: int) -> tuple[UUID, ...]:
    """The open turns whose last holder is the process `pid`."""
    wanted = select(Turn.id).where(Turn.ended_at.is_(None), Turn.leased_by.contains(f":{pid}:"))
    try:
        with transaction() as session:
            return tuple(session.scalars(wanted))
    except SQLAlchemyError:
        return ()


@contextmanager
def house(name: str) -> Iterator[House]:
    """A house for one part, with a site of its own, on the servers that this process's settings point at."""
    site, home = f"chaos-{name}-{uuid4().hex[:6]}", get_settings().home
    settings = get_settings()
    model_port = free_port()
    os.environ.update(LEAN, OPENAI_BASE_URL=f"http://127.0.0.1:{model_port}/v1")
    get_settings.cache_clear()
    model = Child("model", ("-m", "ops.chaos.model", str(model_port)), home / "log/model.log")
    model.start()
    postgres, valkey = find_servers(Addresses(settings.database_url, settings.redis_url), home / "log")
    try:
        wait_for_port(model_port)
        _furnish(site, home)
        yield House(site, home / "log", postgres, valkey, tuple(free_port() for _ in range(APIS)))
    finally:
        stop((model,), 2.0)


def _furnish(site: str, home: Path) -> None:
    from core.models import Site
    from kb.documents.registering import register_folder
    from kb.sources.source import find_sources

    folder = home / "documents"
    folder.mkdir(exist_ok=True)
    (folder / "returns.md").write_text(RETURNS)
    with transaction() as session:
        session.add(Site(id=site, name="Chaos", api_key_hash="0" * 64, tools=TOOLS))
        session.flush()
        register_folder(session, site_id=site, folder=find_sources(str(folder)))
    index_all(site, lambda _, __: None)
