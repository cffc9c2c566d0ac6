"""What endpoints share: the settings, who is calling, and the limits on how often."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from core.errors import SiteNotFound, ThreadNotFound, TokenMissing
from core.log import bind
from core.models import Site, Thread
from core.phases import phase
from core.settings import Settings
from web import auth, origins


def settings_of(request: Request) -> Settings:
    """The settings that this application was made with."""
    settings: Settings = request.app.state.settings
    return settings


Chosen = Annotated[Settings, Depends(settings_of)]


async def raw_body(request: Request) -> bytes:
    """The body as it came, for signatures over its bytes."""
    return await request.body()


Raw = Annotated[bytes, Depends(raw_body)]


VISITOR_TOKEN = HTTPBearer(
    scheme_name="VisitorToken", auto_error=False, description="From `POST /api/agent/session`; it lasts an hour."
)


async def bearer(sent: Annotated[HTTPAuthorizationCredentials | None, Security(VISITOR_TOKEN)]) -> str | None:
    """The token after `Bearer`, if one was sent."""
    return (sent.credentials.strip() or None) if sent else None


Bearer = Annotated[str | None, Depends(bearer)]


async def visitor(request: Request, settings: Chosen, token: Bearer) -> auth.Visitor:
    """The visitor who calls. Raises TokenMissing, TokenInvalid, TokenExpired, OriginRefused.

    A coroutine only to spare a trip to a thread: it waits for nothing but, every few seconds, the sites' origins.
    """
    if token is None:
        raise TokenMissing
    with phase("auth"):
        found = auth.read_token(settings, token, now=auth.utc_now())
    await origins.check_soon(request, found.site_id)
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


def address(request: Request) -> str:
    """The caller's IP address; behind a proxy, `web.proxies` has put it there."""
    return request.client.host if request.client else "unknown"
