"""The application under a real uvicorn in a thread, for what only a real connection shows."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from core import db
from core.settings import Settings
from tests.conftest import SITE, make_site
from web.app import make_app
from web.server import Server, make_server


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    kind: str
    data: dict[str, Any]
    id: str | None


@dataclass(frozen=True)
class Live:
    """A running server and one visitor's session on it."""

    server: Server
    client: httpx2.Client
    thread_id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What proves who calls."""
        return {"Authorization": f"Bearer {self.token}"}

    @contextmanager
    def listening(self, last_id: str | None = None) -> Iterator[Iterator[Event]]:
        """The events of an open stream, as they come."""
        headers = self.headers | ({"Last-Event-ID": last_id} if last_id else {})
        with self.client.stream("GET", f"/api/agent/thread/{self.thread_id}/events", headers=headers) as response:
            assert response.status_code == 200, response.read()
            lines = response.iter_lines()
            while next(lines) != "":  # the greeting
                pass
            yield events(lines)


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Parse what follows; comments are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            if "data" in fields:
                yield Event(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))
            fields = {}


@contextmanager
def serving(settings: Settings) -> Iterator[Live]:
    """A server on a free port, and a visitor on it; both are gone after the block."""
    with db.transaction() as session:
        make_site(session)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = make_server(make_app(settings), host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            made = client.post("/api/agent/session", json={"site_id": SITE}).json()
            yield Live(server, client, made["thread_id"], made["visitor_token"])
    finally:
        server.should_exit = True
        thread.join(timeout=15)
    assert not thread.is_alive()
