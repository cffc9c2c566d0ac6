"""A backend for the plugin's tests, on a real port: it believes what the gateway's own code believes."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from core.errors import HandrailError
from tests.web.wordpress import SECRET
from web.webhooks import bodies, wordpress
from web.webhooks.received import Received
from web.webhooks.verifying import check

SITE = "shop"


@dataclass
class Backend:
    """What it was told, and how it answers: the next of `answers` (status, seconds to wait), or 202.

    Asked for personal data it answers with the next of `kept`.
    """

    url: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answers: list[tuple[int, int]] = field(default_factory=list)
    standing: tuple[int, int] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self) -> list[tuple[str, str]]:
        """(event, "page:42") in the order in which they came, pings left out."""
        whole = ((one["event"], f"{one['subject']['type']}:{one['subject']['id']}") for one in self.events)
        return [one for one in whole if one[0] != "site.ping"]

    def forget(self) -> None:
        """Begin anew."""
        self.events, self.refused, self.answers, self.standing, self.calls = [], [], [], None, 0
        self.asked, self.kept, self.received = [], [], []


class Door(BaseHTTPRequestHandler):
    """One connection."""

    backend: Backend
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Health, and the state of any event: done."""
        self._answer(200, {"state": "done"})

    def do_OPTIONS(self) -> None:
        """Any origin may call."""
        self._answer(200, {}, {"Access-Control-Allow-Origin": "*"})

    def do_POST(self) -> None:
        """An event: checked as the gateway checks it."""
        raw, ours = self.rfile.read(int(self.headers["Content-Length"])), self.backend
        headers = {name.lower(): value for name, value in self.headers.items()}
        with ours.lock:
            ours.calls += 1
            status, wait = ours.standing or (ours.answers.pop(0) if ours.answers else (202, 0))
        if status != 202:
            return self._answer(status, {"detail": "Not now."}, {"Retry-After": str(wait)} if wait else {})
        try:
            body = bodies.parse(raw, headers.get("content-type", ""))
            if "/privacy/" in self.path:
                return self._personal(raw, body, headers)
            received = wordpress.event(raw, body, headers, (SECRET,))
        except HandrailError as error:
            ours.refused.append(error.detail)
            return self._answer(error.status, {"detail": error.detail})
        with ours.lock:
            ours.events.append(body)
            ours.received.append(received)
        return self._answer(202, {"id": str(uuid4()), "state": "accepted"})

    def _personal(self, raw: bytes, body: dict[str, Any], headers: dict[str, str]) -> None:
        check(headers["x-wp-signature"], headers["x-wp-timestamp"].encode() + b"." + raw, (SECRET,))
        assert self.path.endswith(body["event"].replace("privacy.", "/"))
        self.backend.asked.append(body)
        self._answer(200, self.backend.kept.pop(0) if self.backend.kept else {"done": True})

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        said = {"Content-Type": "application/json", "Content-Length": str(len(raw))} | (headers or {})
        for name, value in said.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


@contextmanager
def serving() -> Iterator[Backend]:
    """A backend that listens until the end of the block."""
    backend = Backend()
    door = type("OurDoor", (Door,), {"backend": backend})
    server = ThreadingHTTPServer(("127.0.0.1", 0), door)
    server.daemon_threads = True
    backend.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield backend
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
