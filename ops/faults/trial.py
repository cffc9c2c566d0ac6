"""One trial: a whole turn against a server with one fault, and what was wrong with how it ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from brain.claude import Claude
from brain.client import Ask, Brain, BrainUnavailable, Reply
from brain.extractive import Extractive
from brain.openai_chat import OpenAIChat
from core import db
from core.models import Handoff, Message, Site, Ticket, Turn
from core.settings import Settings
from ops.faults.fault import Fault, Hits
from ops.faults.script import FOUND, QUESTION
from orchestrator import inbox
from orchestrator.replay import replay
from orchestrator.turn import take_turn
from orchestrator.world import World
from tools.catalog import TOOLS
from tools.search_kb import Passages, Query
from tools.tool import Caller, Tool

CLIENTS = ("openai", "claude")
GRACE_S = 1.0  # beyond the turn's own limit: what it takes to write the end down
FIT_ENDS = {"answered": None, "abstained": None, "handed_off": Handoff, "ticketed": Ticket, "failed": Ticket}


class FakeServer(Protocol):
    """A fake model server that is running."""

    name: str

    def url(self, client: str) -> str:
        """Where a client of this kind finds it."""
        ...

    def reset(self) -> None:
        """Nothing is wrong."""
        ...

    def stop(self) -> None:
        """Stop it."""
        ...


@dataclass(frozen=True)
class Verdict:
    """How one turn went. `wrong` is empty where it went as it must."""

    server: str
    fault: str
    hits: str
    client: str
    fallback: bool
    seen: tuple[str, ...]  # by the client, call by call
    outcome: str
    seconds: float
    wrong: tuple[str, ...]
    late: bool = False


@dataclass
class _Watched:
    """A brain whose replies and failures are kept in words."""

    inner: Brain
    seen: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The inner one's."""
        return self.inner.name

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """As the inner one."""
        try:
            reply = self.inner.think(ask, on_text)
        except BrainUnavailable as error:
            self.seen.append(f"{type(error).__name__}: {error.detail}")
            raise
        self.seen.append(
            "calls " + ", ".join(sorted({call.name[:30] for call in reply.calls})) if reply.calls else "text"
        )
        return reply


def try_fault(
    server: FakeServer, fault: Fault[Any], client: str, settings: Settings, grace_s: float, *, fallback: bool
) -> Verdict:
    """Play one turn with `fault`, alone or with the built-in brain behind the model."""
    server.reset()
    if fault.hits is Hits.QUESTION:
        fault.arrange(server)
    unarranged: list[str] = []  # what went wrong with the fault itself
    brain = _Watched(_client(client, server.url(client), settings))
    world = World(settings, (brain, Extractive()) if fallback else (brain,), _tools(server, fault, unarranged))
    thread_id = _ask()
    begun = time.monotonic()
    wrong = [*_take(thread_id, world), *unarranged]
    seconds, limit = time.monotonic() - begun, settings.turn_seconds + grace_s
    with db.transaction() as session:
        outcome, faults = _judge(session, thread_id)
    late = [f"took {seconds:.1f} s, {limit:.1f} were allowed"] if seconds > limit else []
    told = (server.name, fault.name, str(fault.hits), client, fallback, tuple(brain.seen), outcome, seconds)
    return Verdict(*told, wrong=(*wrong, *faults, *late), late=bool(late))


def _client(client: str, url: str, settings: Settings) -> Brain:
    model = f"fake-{uuid4().hex[:8]}"  # one of its own, so that no circuit carries over to the next trial
    none = SecretStr("none")
    if client == "openai":
        return OpenAIChat(settings.model_copy(update={"openai_base_url": url, "openai_api_key": none}), model)
    return Claude(settings.model_copy(update={"anthropic_base_url": url, "anthropic_api_key": none}), model)


def _tools(server: FakeServer, fault: Fault[Any], unarranged: list[str]) -> tuple[Tool, ...]:
    """The real ones, but for a search that always finds; a fault of the answer begins when it is asked."""

    def search(_: Caller, __: Query) -> Passages:
        if fault.hits is Hits.ANSWER:
            try:
                fault.arrange(server)
            except Exception as error:  # noqa: BLE001 - the turn would take it for a broken tool
                unarranged.append(f"the fault could not be arranged: {error}")
        return FOUND

    return tuple(
        replace(tool, run=search, available=lambda _: True) if tool.name == "search_kb" else tool for tool in TOOLS
    )


def _ask() -> UUID:
    with db.transaction() as session:
        site = Site(
            id=f"faults-{uuid4().hex[:12]}",
            name="Fault Shop",
            api_key_hash="0" * 64,
            tools=["search_kb", "create_ticket", "handoff_human"],
        )
        session.add(site)
        session.flush()
        thread = inbox.open_thread(session, site.id, "web")
        inbox.accept(session, thread, QUESTION, str(uuid4()))
        return thread.id


def _take(thread_id: UUID, world: World) -> tuple[str, ...]:
    try:
        take_turn(thread_id, world)
    except Exception as error:  # noqa: BLE001 - any is a finding
        return (f"crashed with {type(error).__name__}: {error}",)
    return ()


def _judge(session: Session, thread_id: UUID) -> tuple[str, tuple[str, ...]]:
    turn = session.scalars(select(Turn).where(Turn.thread_id == thread_id)).one()
    outcome = str(turn.outcome or "open")
    wrong: list[str] = []
    said = session.scalars(
        select(func.count()).select_from(Message).where(Message.thread_id == thread_id, Message.role == "agent")
    ).one()
    if said != 1:
        wrong.append(f"{said} replies")
    if outcome not in FIT_ENDS:
        wrong.append(f"ended as {outcome}")
    elif (kept := FIT_ENDS[outcome]) and not session.scalars(select(kept).where(kept.thread_id == thread_id)).all():
        wrong.append(f"{outcome}, but nothing stands in the queue")
    if difference := replay(session, turn.id):
        wrong.append(f"does not replay: {difference}")
    return outcome, tuple(wrong)
