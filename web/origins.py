"""Whose pages may ask for a site: CORS by site. A site that lists none takes those of HANDRAIL_ALLOWED_ORIGINS.

A page's origin is told by browsers alone; whoever is none sends what it likes, and needs a token all the same. What
this closes is the way for one site's page to use another site's token, and for any page to ask in a visitor's name.
"""

import re
import threading
import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.db import reading
from core.errors import BadRequest, NotAllowed
from core.log import get_logger
from core.models import Site

log = get_logger(__name__)

KEPT_S = 5.0  # a change counts in every process after this
FORM = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
PORTS = {"http": "80", "https": "443"}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID, X-Request-ID, X-API-Key, X-Device-ID",
    "Access-Control-Max-Age": "600",
}
EXPOSED = "X-Request-ID, Retry-After, Server-Timing"


class OriginRefused(NotAllowed):
    """This page is not one of the site's: list its address with `handrail site origins SITE https://…`."""

    status = HTTPStatus.FORBIDDEN


class OriginUnreadable(BadRequest):
    """An origin is scheme, host and port alone, as in https://shop.example."""


def normal(given: str) -> str:
    """`given` as browsers spell it: https://shop.example. Raises OriginUnreadable."""
    parts = urlsplit(given.strip().rstrip("/"))
    try:
        host = (parts.hostname or "").encode("idna").decode() if ":" not in (parts.hostname or "") else parts.hostname
        port = "" if parts.port is None else f":{parts.port}"
    except (UnicodeError, ValueError):
        raise OriginUnreadable(f"{given!r} is no origin: write it like https://shop.example.") from None
    bare = f"{parts.scheme}://{f'[{host}]' if ':' in (host or '') else host}{port}".lower()
    found = FORM.fullmatch(bare)
    if found is None or parts.path or parts.query or parts.fragment or parts.username is not None:
        raise OriginUnreadable(f"{given!r} is no origin: write it like https://shop.example.")
    return bare.removesuffix(f":{PORTS[found[1]]}")


class Origins:
    """What the sites list, remembered for a few seconds; while the database is away, what was known last."""

    def __init__(self, everywhere: Iterable[str]) -> None:
        """`everywhere` are those of sites that list none. Raises OriginUnreadable."""
        self.everywhere = frozenset(map(normal, everywhere))
        self._known: Mapping[str, frozenset[str]] = {}
        self._until = float("-inf")
        self._lock = threading.Lock()

    @property
    def fresh(self) -> bool:
        """Whether what is known may be used without looking."""
        return time.monotonic() < self._until

    def look_up(self) -> None:
        """Read what the sites list, unless somebody has done so in this moment."""
        with self._lock:
            if self.fresh:
                return
            try:
                with reading() as session:
                    rows = session.execute(select(Site.id, Site.origins).where(Site.origins != [])).all()
                self._known = {row.id: frozenset(row.origins) for row in rows}
            except SQLAlchemyError as error:
                log.warning("origins_not_read", cause=type(error).__name__)
            self._until = time.monotonic() + KEPT_S

    def of(self, site_id: str) -> frozenset[str]:
        """Those of one site."""
        return self._known.get(site_id) or self.everywhere

    def any(self, origin: str) -> bool:
        """Whether some site lists it."""
        return origin in self.everywhere or any(origin in listed for listed in self._known.values())


def check(request: Request, site_id: str) -> None:
    """Raises OriginRefused where a page asks that is neither the site's nor our own. Looks them up where needed."""
    origin = foreign_origin(request.headers)
    if origin:
        origins: Origins = request.app.state.origins
        origins.look_up()
        _refuse(origins, origin, site_id)


async def check_soon(request: Request, site_id: str) -> None:
    """As `check`, from where nothing may wait for the database."""
    origin = foreign_origin(request.headers)
    if origin:
        origins: Origins = request.app.state.origins
        if not origins.fresh:
            await run_in_threadpool(origins.look_up)
        _refuse(origins, origin, site_id)


def _refuse(origins: Origins, origin: str, site_id: str) -> None:
    if origin not in origins.of(site_id):
        raise OriginRefused


def foreign_origin(headers: Mapping[str, str]) -> str:
    """The page's origin, where it is not this very host; "" where none is told."""
    origin = headers.get("origin", "").strip().lower()
    # By the host alone: behind a proxy that is not listed we don't know that we are called over https.
    return "" if origin.partition("://")[2] == headers.get("host", "").strip().lower() else origin


class Cors:
    """Wraps the application: answers preflights, and tells browsers which pages may read an answer."""

    def __init__(self, app: ASGIApp, *, origins: Origins, more: Mapping[str, str]) -> None:
        """Wrap `app`; `more` are headers of each preflight's answer."""
        self.app, self.origins, self.more = app, origins, dict(more)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin", "")
        if not origin:
            await self.app(scope, receive, send)
            return
        if not self.origins.fresh:
            await run_in_threadpool(self.origins.look_up)
        listed = self.origins.any(origin.strip().lower())
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await self._preflight(origin, listed=listed)(scope, receive, send)
            return
        await self.app(scope, receive, _telling(send, origin if listed else ""))

    def _preflight(self, origin: str, *, listed: bool) -> Response:
        # Which site is meant is not told yet: the request itself is checked once it is.
        allowed = {"Access-Control-Allow-Origin": origin, **PREFLIGHT} if listed else {}
        status = HTTPStatus.NO_CONTENT if listed else HTTPStatus.FORBIDDEN
        return Response(status_code=status, headers=self.more | {"Vary": "Origin"} | allowed)


def _telling(send: Send, origin: str) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            if "access-control-allow-origin" not in headers:  # files for everybody say so themselves
                headers.add_vary_header("Origin")
                if origin:
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = EXPOSED
        await send(message)

    return telling
