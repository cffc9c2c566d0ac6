"""One message along its whole path through real processes; and a worker that is killed on the way."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select

from core import db
from core.embedded import Addresses
from core.models import Message, Turn
from core.settings import get_settings
from kb.documents.indexer import index_all
from ops.bench.processes import free_port, wait_for_port
from ops.children import Child, stop
from orchestrator.replay import replay
from tests.conftest import SITE, make_site
from tools.catalog import TOOLS

MODEL_MS = 1_500  # long enough to kill a worker while it waits
RETURNS = "# Returns\n\nYou can send a jacket back within 60 days. We refund within 5 working days.\n"


@pytest.fixture
def running(committed: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Child]]:
    """A site with one document, and the processes that serve it."""
    model_port, port = free_port(), free_port()
    (tmp_path / "returns.md").write_text(RETURNS)
    for name, value in {
        "HANDRAIL_PORT": str(port),
        "HANDRAIL_BRAIN": "openai",
        "HANDRAIL_MODEL": "fake",
        "HANDRAIL_TURN_SECONDS": "20",  # two of the model's answers, twice, on a busy machine
        "OPENAI_BASE_URL": f"http://127.0.0.1:{model_port}/v1",
    }.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    index_one(tmp_path)
    children = {
        "model": Child("model", ("-m", "ops.bench.fake_model", str(model_port), str(MODEL_MS)), tmp_path / "model.log"),
        "api": Child("api", ("-m", "ops.cli", "serve"), tmp_path / "api.log"),
        "chat": Child("chat", ("-m", "ops.cli", "worker", "chat"), tmp_path / "chat.log"),
        "scheduler": Child("scheduler", ("-m", "ops.cli", "scheduler"), tmp_path / "scheduler.log"),
    }
    try:
        for child in children.values():
            child.start()
        wait_for_port(model_port)
        wait_for_port(port)
        wait_until_ready(port)
        yield children
    finally:
        stop(tuple(children.values()), 5.0)
        get_settings.cache_clear()


def index_one(folder: Path) -> None:
    """Make the site, and index what is in `folder`."""
    from kb.documents.registering import register_folder
    from kb.sources.source import find_sources

    with db.transaction() as session:
        make_site(session)
        register_folder(session, site_id=SITE, folder=find_sources(str(folder)))
    index_all(SITE, lambda _, __: None)


def wait_until_ready(port: int) -> None:
    """Return once the chat worker has announced itself."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if httpx2.get(f"http://127.0.0.1:{port}/readyz").json()["parts"]["worker:chat"] == "ok":
            return
        time.sleep(0.1)
    pytest.fail("the chat worker did not announce itself")


class Visitor:
    """A browser: a session, an open stream, and everything that came over it."""

    def __init__(self) -> None:
        self.base = f"http://127.0.0.1:{get_settings().port}"
        made = httpx2.post(f"{self.base}/api/agent/session", json={"site_id": SITE}).raise_for_status().json()
        self.thread_id = made["thread_id"]
        self.headers = {"Authorization": f"Bearer {made['visitor_token']}"}
        self.events: list[tuple[str, dict[str, object]]] = []
        self.done = threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        url = f"{self.base}/api/agent/thread/{self.thread_id}/events"
        with httpx2.stream("GET", url, headers=self.headers, timeout=60) as stream:
            kind = ""
            for line in stream.iter_lines():
                if line.startswith("event:"):
                    kind = line[6:].strip()
                elif line.startswith("data:"):
                    self.events.append((kind, json.loads(line[5:])))
                    if kind == "done":
                        self.done.set()
                        return

    def say(self, words: str) -> dict[str, str]:
        body = {"thread_id": self.thread_id, "user_msg": words, "client_msg_id": str(uuid4())}
        answer = httpx2.post(f"{self.base}/api/agent/messages", json=body, headers=self.headers)
        assert answer.status_code == 202
        return dict(answer.json())

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


def the_only_reply(visitor: Visitor) -> Message:
    """What the agent said; once."""
    with db.transaction() as session:
        turn = session.scalars(select(Turn)).one()
        assert turn.outcome == "answered"
        assert replay(session, turn.id) is None
        return session.scalars(select(Message).where(Message.role == "agent")).one()


def wait_until_claimed() -> None:
    """Return while the worker waits for the model."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with db.transaction() as session:
            if session.scalars(select(Turn.fence)).one():
                return
        time.sleep(0.05)
    pytest.fail("nobody claimed the turn")


@pytest.mark.slow
def test_a_message_becomes_a_streamed_cited_answer(running: dict[str, Child]) -> None:
    visitor = Visitor()
    visitor.say("How long do I have to return a jacket?")
    assert visitor.done.wait(30)
    assert the_only_reply(visitor).citations[0]["title"] == "Returns"
    assert visitor.kinds().index("sentence") < len(visitor.kinds()) - 2
    assert visitor.kinds()[-2:] == ["message", "done"]
    assert {tool.name for tool in TOOLS} >= {str(data["name"]) for kind, data in visitor.events if kind == "tool"}


@pytest.mark.slow
def test_a_killed_worker_costs_seconds_but_no_answer(running: dict[str, Child]) -> None:
    visitor = Visitor()
    visitor.say("How long do I have to return a jacket?")
    wait_until_claimed()
    chat = running["chat"]
    assert chat.process is not None
    os.kill(chat.process.pid, signal.SIGKILL)
    chat.process.wait()
    chat.start()
    assert visitor.done.wait(40)
    assert "page on this subject" in the_only_reply(visitor).content
    with db.transaction() as session:
        assert session.scalars(select(Turn.fence)).one() >= 2, "a second worker carried the turn on"
