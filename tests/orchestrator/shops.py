"""An order service for the tests: a real HTTP server in WooCommerce's shape, as well-behaved as its script."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any

Answer = Callable[["Wire"], None]


@dataclass
class Wire:
    """The way back to the client, as bytes."""

    out: BufferedIOBase

    def send(self, status: str, *headers: str, body: bytes = b"") -> None:
        """A whole answer."""
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
        self.out.write("\r\n".join(lines).encode() + body)

    def raw(self, data: bytes) -> None:
        """Bytes, now."""
        self.out.write(data)
        self.out.flush()


@dataclass
class Shop:
    """Where it listens, and what it was asked."""

    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def shop_that(answer: Answer) -> Iterator[Shop]:
    """A shop that answers every request like this."""
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.asked.append(self.path)
            self.close_connection = True
            with suppress(OSError):
                answer(Wire(self.wfile))

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    shop.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def order(number: str, email: str, **changed: Any) -> dict[str, Any]:
    """An order as the API writes it."""
    return {
        "number": number,
        "status": "completed",
        "currency": "EUR",
        "date_created_gmt": "2026-10-05T08:15:00",
        "total": "119.90",
        "billing": {"email": email},
        "line_items": [{"name": "Lantern Vesper", "quantity": 2}],
        "shipping_lines": [{"method_title": "Home delivery"}],
        "meta_data": [],
    } | changed


def orders(*found: dict[str, Any]) -> Answer:
    """These orders, properly."""
    return lambda wire: wire.send("200 OK", "Content-Type: application/json", body=json.dumps(found).encode())


def drip(wire: Wire) -> None:
    """A good beginning, then a byte each tenth of a second."""
    wire.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n[")
    for _ in range(200):
        wire.raw(b" ")
        time.sleep(0.1)


def flood(wire: Wire) -> None:
    """A hundred megabytes."""
    wire.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n[")
    for _ in range(100):
        wire.raw(b" " * 1024 * 1024)
