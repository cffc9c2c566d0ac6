"""What endpoints share: the settings, who is calling, and the limits on how often."""

from typing import Annotated
from uuid import UUID

import redis
from fastapi import Depends, Header, Request
from sqlalchemy.orm import Session

from core import bus
from core.errors import SiteNotFound, ThreadNotFound, TokenMissing, TooManyRequests, Unavailable
from core.log import bind, get_logger
from core.models import Site, Thread
from core.phases import phase
from core.settings import Settings
from web import auth

log = get_logger(__name__)


def settings_of(request: Request) -> Settings:
    """The settings that this application was made with."""
    settings: Settings = request.app.state.settings
    return settings


Chosen = Annotated[Settings, Depends(settings_of)]


async def raw_body(request: Request) -> bytes:
    """The body as it came, for signatures over its bytes."""
    return await request.body()


Raw = Annotated[bytes, Depends(raw_body)]


def bearer(authorization: Annotated[str | None, Header()] = None) -> str | None:
    """The token after `Bearer`, if one was sent."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


Bearer = Annotated[str | None, Depends(bearer)]


async def visitor(settings: Chosen, token: Bearer) -> auth.Visitor:
    """The visitor who calls. Raises TokenMissing, TokenInvalid, TokenExpired.

    A coroutine only to spare a trip to a thread: it waits for nothing.
    """
    if token is None:
        raise TokenMissing
    with phase("auth"):
        found = auth.read_token(settings, token, now=auth.utc_now())
    bind(site_id=found.site_id, visitor_id=str(found.visitor_id))
    return found


Calling = Annotated[auth.Visitor, Depends(visitor)]


def parse_id(text: str) -> UUID:
    """The id of a thread. What is no UUID names no thread. Raises ThreadNotFound."""
    try:
        return UUID(text)
    except ValueError:
        raise ThreadNotFound from None


def own_thread(session: Session, visitor: auth.Visitor, thread_id: str | UUID) -> Thread:
    """The visitor's thread. Another visitor's is as unknown as none. Raises ThreadNotFound."""
    thread = session.get(Thread, thread_id if isinstance(thread_id, UUID) else parse_id(thread_id))
    if thread is None or (thread.site_id, thread.visitor_id) != (visitor.site_id, visitor.visitor_id):
        raise ThreadNotFound
    bind(thread_id=str(thread.id))
    return thread


def find_site(session: Session, site_id: str) -> Site:
    """The site. Raises SiteNotFound."""
    site = session.get(Site, site_id)
    if site is None:
        raise SiteNotFound
    return site


def limit(key: str, *, per_minute: int) -> None:
    """Count one use. Raises TooManyRequests. Without Redis nothing is counted: better too many than nobody served."""
    try:
        with phase("limit"):
            free = bus.allowed(key, limit=per_minute, seconds=60)
    except redis.RedisError as error:
        log.warning("limit_not_counted", cause=repr(error))
        return
    if not free:
        raise TooManyRequests(retry_after_s=20)


def limit_hour(key: str, *, most: int) -> None:
    """Count one use of what costs others, too. Raises TooManyRequests, also where nobody can count."""
    try:
        free = bus.allowed(key, limit=most, seconds=3600)
    except redis.RedisError as error:
        raise Unavailable("This can't be done just now: try again in a minute.") from error
    if not free:
        raise TooManyRequests("That was done often in the last hour: try again later.", retry_after_s=3600)


def address(request: Request) -> str:
    """The caller's IP address; behind a proxy uvicorn puts it there, and only for proxies that it was told to trust."""
    return request.client.host if request.client else "unknown"
