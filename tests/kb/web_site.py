"""A small web site on a free port: what each path answers is set by the test, what was asked is kept."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """What one path says."""

    body: bytes = b""
    kind: str = "text/html"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class WebSite:
    """A running site. `asked` is each request's path and headers (names in lower case), in order."""

    url: str
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def page(
        self,
        path: str,
        body: str | bytes,
        kind: str = "text/html",
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> str:
        """Set what `path` says. Returns its address."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = Answer(data, kind, status, headers or {})
        return self.url + path

    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [path for path, _ in self.asked]


def answer(found: Answer, headers: dict[str, str]) -> Answer:
    """`found`, or 304 where the request's condition says that it is known."""
    given = {name.lower(): value for name, value in found.headers.items()}
    known = given.get("etag") and headers.get("if-none-match") == given.get("etag")
    dated = given.get("last-modified") and headers.get("if-modified-since") == given.get("last-modified")
    return Answer(status=304) if known or dated else found


@contextmanager
def web_site() -> Iterator[WebSite]:
    """Open a site; closed afterwards."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            site.asked.append((self.path, headers))
            given = answer(site.pages.get(self.path, Answer(b"nothing here", status=404)), headers)
            self.send_response(given.status)
            self.send_header("Content-Type", given.kind)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        site = WebSite(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield site
        server.shutdown()
        thread.join()
