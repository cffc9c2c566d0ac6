"""A helpdesk on a real port that knows both published forms: it checks what it is sent, and answers as they do."""

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ZENDESK_STATES = {"new", "open", "pending", "hold", "solved"}
ZENDESK_FIELDS = {"subject", "comment", "priority", "status", "external_id", "tags", "requester"}
FRESHDESK_FIELDS = {"subject", "description", "email", "priority", "status", "source", "tags"}
Said = tuple[int, dict[str, Any]]


@dataclass
class Fake:
    """What it holds. `answers`: (status, body, headers) for the next calls; then it does its work."""

    url: str = ""
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: list[tuple[int, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    lost: int = 0  # answers that are never sent, though the work is done
    lock: threading.Lock = field(default_factory=threading.Lock)

    def do(self, method: str, target: str, who: str, body: dict[str, Any]) -> Said:
        """One call: status and answer."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if "zendesk" in who:
            return self._zendesk(method, path, query, body)
        return self._freshdesk(method, path, query, body) if who == "key:X" else (401, {"code": "invalid_credentials"})

    def _zendesk(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Said:
        if (method, path) == ("GET", "/api/v2/tickets.json"):
            found = [row for row in self.tickets.values() if [row["external_id"]] == query["external_id"]]
            return 200, {"tickets": found, "count": len(found)}
        if method == "DELETE":
            return self._gone(path.removeprefix("/api/v2/tickets/").removesuffix(".json"))
        ticket = body["ticket"]
        if set(ticket) - ZENDESK_FIELDS or ticket.get("status", "open") not in ZENDESK_STATES:
            return 422, {"error": "RecordInvalid", "description": "Record validation errors"}
        if (method, path) == ("POST", "/api/v2/tickets.json"):
            return 201, {"ticket": self._new(ticket)}
        id_ = int(path.removeprefix("/api/v2/tickets/").removesuffix(".json"))
        assert method == "PUT"
        if "comment" in ticket:
            assert ticket["comment"]["public"] is False
            self.notes.append((id_, ticket.pop("comment")["body"]))
        self.tickets[id_].update(ticket)
        return 200, {"ticket": self.tickets[id_]}

    def _freshdesk(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Said:
        if (method, path) == ("GET", "/api/v2/search/tickets"):
            (wanted,) = query["query"]
            assert wanted.startswith("\"tag:'"), wanted
            found = [row for row in self.tickets.values() if wanted[6:-2] in row["tags"]]
            return 200, {"results": found, "total": len(found)}
        if (method, path) == ("POST", "/api/v2/tickets"):
            if set(body) != FRESHDESK_FIELDS or not isinstance(body["priority"], int):
                return 400, {"description": "Validation failed", "errors": []}
            return 201, self._new(body)
        id_, _, notes = path.removeprefix("/api/v2/tickets/").partition("/")
        if notes == "notes":
            assert (method, body["private"]) == ("POST", True)
            self.notes.append((int(id_), body["body"]))
            return 201, {"id": 1, "body": body["body"]}
        if method == "DELETE":
            return self._gone(id_)
        assert method == "PUT"
        self.tickets[int(id_)].update(body)
        return 200, self.tickets[int(id_)]

    def _gone(self, id_: str) -> Said:
        return (204, {}) if self.tickets.pop(int(id_), None) else (404, {"error": "RecordNotFound"})

    def _new(self, row: dict[str, Any]) -> dict[str, Any]:
        id_ = 35_436 + len(self.tickets)
        self.tickets[id_] = row | {"id": id_}
        return self.tickets[id_]


class Door(BaseHTTPRequestHandler):
    """One connection."""

    fake: Fake
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        """Answer as was told, or do the work."""
        fake, raw = self.fake, self.rfile.read(int(self.headers.get("Content-Length") or 0))
        who = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        with fake.lock:
            fake.keys.append(self.headers.get("Idempotency-Key") or "")
            if fake.answers:
                return self._answer(*fake.answers.pop(0))
            status, said = fake.do(self.command, self.path, who, json.loads(raw) if raw else {})
            lost, fake.lost = fake.lost, max(0, fake.lost - 1)
        if lost:
            self.close_connection = True
            return None
        return self._answer(status, json.dumps(said).encode(), {"Content-Type": "application/json"})

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, raw: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(raw))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


@contextmanager
def helping() -> Iterator[Fake]:
    """A helpdesk that listens until the end of the block."""
    fake = Fake()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OurDoor", (Door,), {"fake": fake}))
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
