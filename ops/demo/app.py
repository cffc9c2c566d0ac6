"""The demo shop on top of the API: its page, its customers, and its documents where citations link to them."""

import html
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from markdown_it import MarkdownIt

from core.db import transaction
from core.errors import NotFound
from core.settings import Settings, get_settings
from ops.demo import content
from web import auth
from web.app import make_app as make_api
from web.server import serve

FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} | {shop}</title>
<style>body{{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}
pre{{white-space:pre-wrap;font:inherit}}
table{{border-collapse:collapse}}td,th{{border:1px solid #bbb;padding:.2rem .5rem}}</style>
</head><body><p><a href="/">{shop}</a></p>{body}</body></html>"""


class CustomerNotFound(NotFound):
    """The demo shop has no such customer: GET /demo/customers lists them."""


class PageNotFound(NotFound):
    """The demo shop has no such page."""


def make_app(settings: Settings | None = None) -> FastAPI:
    """The API with the demo shop around it. Only in profile demo: it vouches for customers without asking them."""
    settings = settings or get_settings()
    app = make_api(settings)
    if settings.profile == "demo":
        _add_shop(app)
    return app


def _add_shop(app: FastAPI) -> None:
    pages = content.pages()
    people: list[dict[str, object]] = [
        {"email": one.email, "name": one.name, "orders": list(one.orders)} for one in content.customers()
    ]

    @app.get("/demo/customers", include_in_schema=False)
    def list_customers() -> list[dict[str, object]]:
        return people

    @app.get("/demo/identity", include_in_schema=False)
    def vouch(customer: str) -> dict[str, str]:
        if customer.lower() not in {one["email"] for one in people}:
            raise CustomerNotFound
        with transaction() as session:
            secret = content.identity_secret(session)
        return {"identity_token": auth.make_identity(secret, customer, now=auth.utc_now())}

    @app.get("/", include_in_schema=False)
    def home() -> FileResponse:
        return FileResponse(content.PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/demo/page", StaticFiles(directory=content.PAGE), name="page")

    @app.get("/{path:path}", include_in_schema=False)
    def document(path: str) -> Response:
        found = pages.get(f"/{path}") or pages.get(f"/{path.rstrip('/')}/")
        if found is None:
            raise PageNotFound
        return show(*found)


def show(file: Path, title: str) -> Response:
    """A document as a browser can show it: HTML, PDF and DOCX as they are, text and Markdown in a plain page."""
    if file.suffix not in {".md", ".txt"}:
        return FileResponse(file, content_disposition_type="inline")
    text = file.read_text(encoding="utf-8")
    body = _markdown(text) if file.suffix == ".md" else f"<pre>{html.escape(text)}</pre>"
    return HTMLResponse(FRAME.format(title=html.escape(title), shop=html.escape(content.NAME), body=body))


def _markdown(text: str) -> str:
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))


if __name__ == "__main__":
    serve(make_app(), get_settings())
