"""A receiver of notices on a real port: it checks signatures by itself and answers as it is told to."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
Reply = Callable[["Handler"], None]


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    headers: dict[str, str]
    raw: bytes

    @property
    def key(self) -> str:
        """What it is known by."""
        return self.headers["webhook-id"]

    @property
    def body(self) -> Any:
        """What it says."""
        return json.loads(self.raw)

    def verified(self, secret: str = SECRET) -> bool:
        """The rule of Standard Webhooks, written from its text and not from our code."""
        key = base64.b64decode(secret[len("whsec_") :])
        said = b".".join([self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.raw])
        code = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(f"v1,{code}", one) for one in self.headers["webhook-signature"].split(" "))


@dataclass
class Receiver:
    """What has come, and what is answered: the next of `replies`, or 200 when there are none left."""

    url: str = ""
    requests: list[Received] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    closing: threading.Event = field(default_factory=threading.Event)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def keys(self) -> list[str]:
        """The keys in the order in which they came."""
        return [request.key for request in self.requests]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    receiver: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Note it, and answer."""
        ours = self.receiver
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        with ours.lock:
            ours.requests.append(Received({name.lower(): value for name, value in self.headers.items()}, raw))
            reply = ours.replies.pop(0) if ours.replies else status(200)
            ours.at_once += 1
            ours.most_at_once = max(ours.most_at_once, ours.at_once)
        ours.arrived.release()
        try:
            reply(self)
        except OSError:
            self.close_connection = True  # the sender has gone
        with ours.lock:
            ours.at_once -= 1

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def status(code: int, **headers: str) -> Reply:
    """Answer with `code`; Retry_After is written Retry-After."""

    def reply(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return reply


def slow(seconds: float) -> Reply:
    """Answer well, but late."""

    def reply(handler: Handler) -> None:
        handler.receiver.closing.wait(seconds)
        status(200)(handler)

    return reply


def dripping_head(handler: Handler) -> None:
    """A header that never ends, a byte at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _drip(handler)


def dripping_body(handler: Handler) -> None:
    """A body that never ends, a byte at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    _drip(handler)


def huge(handler: Handler) -> None:
    """A body that never ends, as fast as it goes."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
    while not handler.receiver.closing.is_set():
        handler.wfile.write(b"x" * 65536)


def hanging_up(handler: Handler) -> None:
    """No answer at all."""
    handler.close_connection = True


def garbage(handler: Handler) -> None:
    """Something that is no HTTP."""
    handler.wfile.write(b"\x00\x01 hello?\r\n\r\n")
    handler.close_connection = True


def _drip(handler: Handler) -> None:
    while not handler.receiver.closing.wait(0.05):
        handler.wfile.write(b"a")


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens while the block runs."""
    receiver = Receiver()
    handler = type("OwnHandler", (Handler,), {"receiver": receiver})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/notices"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.closing.set()
            server.shutdown()
            thread.join()
