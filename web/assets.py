"""The widget's files, the same that the WordPress plugin ships: `/widget/{file}`, packed, with an ETag."""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from web.packed import ROOT, packed

TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
# Any site may load them, and browsers check them again each time: an update is seen at once.
HEADERS = {
    "Cache-Control": "public, no-cache",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True)
class File:
    """One file, as it is and as gzip."""

    plain: bytes
    small: bytes
    headers: dict[str, str]

    @classmethod
    def of(cls, path: str, content: bytes) -> "File":
        """With its type by the name's ending, and an ETag that is the same for both forms."""
        kind = {"Content-Type": f"{TYPES[Path(path).suffix]}; charset=utf-8"}
        tag = {"ETag": f'W/"{sha256(content).hexdigest()[:20]}"'}
        return cls(content, gzip.compress(content, 9, mtime=0), HEADERS | kind | tag)

    def answer(self, request: Request) -> Response:
        """The file in the form that the browser takes, or 304 where it has it."""
        if self.headers["ETag"] in request.headers.get("If-None-Match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=self.headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return Response(self.small, headers=self.headers | {"Content-Encoding": "gzip"})
        return Response(self.plain, headers=self.headers)


def mount(app: Starlette, root: Path = ROOT) -> None:
    """Serve the widget's files from `root`, as they are now."""
    files = {path: File.of(path, content) for path, content in packed(root).items()}

    def widget(request: Request) -> Response:
        found = files.get(request.path_params["path"])
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return found.answer(request)

    app.add_route("/widget/{path:path}", widget, methods=["GET", "HEAD"])
