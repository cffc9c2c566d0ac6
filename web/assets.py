"""The widget's files, the same that the WordPress plugin ships: `/widget/{file}`, with an ETag."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

ROOT = Path(__file__).resolve().parent.parent / "wp-widget" / "assets"
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml"}


class Widget(StaticFiles):
    """Files that any site may load, and that browsers check again each time: an update is seen at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 304 where the browser has it."""
        response = await super().get_response(path, scope)
        kind = TYPES.get(Path(path).suffix)
        if kind and response.status_code == 200:  # noqa: PLR2004 - "OK"
            response.headers["Content-Type"] = f"{kind}; charset=utf-8"
        response.headers["Cache-Control"] = "public, no-cache"
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


def mount(app: FastAPI, root: Path = ROOT) -> None:
    """Serve the widget's files from `root`."""
    app.mount("/widget", Widget(directory=root), name="widget")
