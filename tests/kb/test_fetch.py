"""The guarded door: what it refuses, what it follows, what it says when a page is not there."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from core.errors import SourceRefused
from kb.errors import SourceGone, SourceUnavailable, TooLarge
from kb.sources.fetch import Limits, checked, fetch, public_address

OURS = Limits(most_bytes=100_000, seconds=5, private_hosts=("127.0.0.1",))


class Shop(BaseHTTPRequestHandler):
    """A small web site."""

    def do_GET(self) -> None:
        """Answer by path."""
        places = {
            "/moved": "/page",
            "/away": "http://localhost:1/secret",
            "/loop": "/loop",
            "/file": "file:///etc/passwd",
        }
        if self.path in places:
            self.send_response(302)
            self.send_header("Location", places[self.path])
            self.end_headers()
            return
        status = {"/page": 200, "/large": 200, "/broken": 500, "/private": 403}.get(self.path, 404)
        body = b"x" * 200_000 if self.path == "/large" else b"<html><body><p>Hello</p></body></html>"
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Last-Modified", "Mon, 03 Aug 2026 10:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def shop() -> Iterator[str]:
    """The address of the small web site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_page_is_read_with_its_type_and_date(shop: str) -> None:
    page = fetch(f"{shop}/page", OURS)
    assert b"Hello" in page.data
    assert page.content_type == "text/html"
    assert page.changed_at is not None
    assert page.changed_at.year == 2026


def test_a_redirect_is_followed_to_its_end(shop: str) -> None:
    assert fetch(f"{shop}/moved", OURS).url == f"{shop}/page"


@pytest.mark.parametrize(
    ("path", "error", "hint"),
    [
        ("/nothing", SourceGone, "HTTP 404"),
        ("/broken", SourceUnavailable, "HTTP 500"),
        ("/private", SourceRefused, "not public"),
        ("/large", TooLarge, "larger than"),
        ("/loop", SourceRefused, "redirects"),
        ("/away", SourceRefused, "private address"),
        ("/file", SourceRefused, "Only web addresses"),
    ],
)
def test_what_is_not_read_has_its_own_error(shop: str, path: str, error: type[Exception], hint: str) -> None:
    with pytest.raises(error, match=hint):
        fetch(shop + path, OURS)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.8",
        "192.168.1.1",
        "169.254.169.254",
        "::1",
        "fe80::1",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "100.64.0.1",
        "::ffff:127.0.0.1",
        "224.0.0.1",
        "64:ff9b::a00:8",  # 10.0.0.8 behind a gateway
        "64:ff9b:1::a00:8",
        "2002:a00:8::1",
        "::10.0.0.8",
        "fec0::1",
    ],
)
def test_private_addresses_are_refused(host: str) -> None:
    with pytest.raises(SourceRefused, match="private address"):
        public_address(httpx2.URL(scheme="http", host=host), ())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "not a url",
        "http://",
        "https://me:secret@a.example/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(SourceRefused):
        checked(url)


def test_a_host_that_nobody_knows_is_tried_again_later() -> None:
    with pytest.raises(SourceUnavailable, match="not known"):
        fetch("http://no-such-host.invalid/", OURS)


def test_nobody_at_home_is_tried_again_later() -> None:
    with pytest.raises(SourceUnavailable, match="did not answer"):
        fetch("http://127.0.0.1:9/", OURS)


def test_a_head_that_drips_is_cut_off_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            caller, _ = server.accept()
            with caller, suppress(OSError):
                caller.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not ended.wait(0.1):
                    caller.sendall(b"a")

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(SourceUnavailable, match="did not answer"):
            fetch(f"http://127.0.0.1:{server.getsockname()[1]}/", replace(OURS, seconds=1.0))
        assert time.monotonic() - began < 10
        ended.set()
        thread.join()
