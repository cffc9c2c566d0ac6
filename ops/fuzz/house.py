"""What is tried: the application under a real uvicorn, two sites, two visitors, and a worker that answers."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import uuid4

import httpx2
from pydantic import SecretStr
from sqlalchemy import select

from core.db import transaction
from core.errors import HandrailError, Unavailable
from core.models import Site, Turn
from core.settings import Settings
from orchestrator.turn import take_turn
from web.app import make_app
from web.keys import hash_key
from web.server import Server, make_server

SITE, OTHER_SITE = "fuzz", "fuzz-other"
API_KEY = "hr_a-key-for-the-fuzzed-site"
WEBHOOK_SECRET = "a-webhook-secret-for-the-fuzzed-site"  # noqa: S105 - of a site that lives for minutes
SLACK_SECRET = "a-signing-secret-for-a-slack-that-is-none"  # noqa: S105
TOOLS = ["search_kb", "get_order", "create_ticket", "handoff_human"]
OPEN_WIDE = {"messages_per_minute": 10**9, "sessions_per_minute": 10**9}  # limits have tests of their own
START_S, STOP_S = 20.0, 15.0
LOOK_S = 0.02


@dataclass(frozen=True)
class Peer:
    """A visitor: a token and the conversation that it was made for."""

    token: str
    thread_id: str

    @property
    def headers(self) -> dict[str, str]:
        """What proves who calls."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class House:
    """A running Handrail."""

    url: str

    def visitor(self, site_id: str = SITE) -> Peer:
        """Somebody who has just come. Raises httpx2.HTTPError."""
        made = httpx2.post(f"{self.url}/api/agent/session", json={"site_id": site_id}).raise_for_status().json()
        return Peer(made["visitor_token"], made["thread_id"])

    def answered(self, peer: Peer, words: str = "Do you deliver to Norway?") -> str:
        """`peer` asks, and is answered: the answer's id. Raises Unavailable where none comes."""
        sent = {"thread_id": peer.thread_id, "user_msg": words, "client_msg_id": uuid4().hex}
        httpx2.post(f"{self.url}/api/agent/messages", json=sent, headers=peer.headers).raise_for_status()
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            shown = httpx2.get(f"{self.url}/api/agent/thread/{peer.thread_id}", headers=peer.headers).json()
            for message in shown["messages"]:
                if message["role"] == "agent":
                    return str(message["id"])
            time.sleep(LOOK_S)
        raise Unavailable("No answer came.")


def furnish() -> None:
    """The two sites, committed."""
    with transaction() as session:
        for site_id in (SITE, OTHER_SITE):
            made = Site(id=site_id, name="Fuzz", api_key_hash=hash_key(f"{API_KEY}-{site_id}"), tools=TOOLS)
            made.webhook_secret = WEBHOOK_SECRET
            session.merge(made)  # the servers may have been here before


@contextmanager
def house(settings: Settings) -> Iterator[House]:
    """Run it while the block runs. The settings point at servers whose data nobody needs."""
    ours = settings.model_copy(update=OPEN_WIDE | {"slack_signing_secret": SecretStr(SLACK_SECRET)})
    furnish()
    port = _free_port()
    server = make_server(make_app(ours), host="127.0.0.1", port=port)
    with _running(server), _answering():
        yield House(f"http://127.0.0.1:{port}")


@contextmanager
def _running(server: Server) -> Iterator[None]:
    thread = threading.Thread(target=server.run, name="fuzzed-api")
    thread.start()
    until = time.monotonic() + START_S
    while not server.started and time.monotonic() < until:
        time.sleep(LOOK_S)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=STOP_S)


@contextmanager
def _answering() -> Iterator[None]:
    """A worker in this process: it takes whatever turn is open."""
    ended = threading.Event()
    thread = threading.Thread(target=_answer_on, args=(ended,), name="fuzzed-worker")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=STOP_S)


def _answer_on(ended: threading.Event) -> None:
    open_turns = select(Turn.thread_id).where(Turn.ended_at.is_(None), Turn.pending.is_not(None)).limit(20)
    while not ended.wait(LOOK_S):
        with transaction() as session:
            waiting = session.scalars(open_turns).all()
        for thread_id in waiting:
            with suppress(HandrailError):  # it was erased a moment ago
                take_turn(thread_id)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
