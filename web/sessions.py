"""Opening a conversation, and renewing its token: who the visitor is, is decided here."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from core.errors import ThreadNotFound, TokenInvalid, TokenMissing
from core.models import Site, Visitor
from core.settings import Settings
from orchestrator.inbox import open_thread
from tools.hours import is_open, opens_at
from web import auth
from web.deps import find_site, own_thread
from web.schemas import People, SessionAsked, SessionMade

CHANNEL = "web"


def open_session(
    session: Session, settings: Settings, asked: SessionAsked, token: str | None, *, now: datetime
) -> SessionMade:
    """A new thread, or a new token for the thread that is asked for.

    Raises SiteNotFound; ThreadNotFound where the thread is somebody else's; TokenMissing, TokenInvalid, TokenExpired.
    """
    site = find_site(session, asked.site_id)
    email = auth.read_identity(site.identity_secret, asked.identity_token, now=now) if asked.identity_token else None
    known = auth.read_renewable(settings, token, now=now) if token else None
    if known and known.site_id != site.id:
        raise ThreadNotFound if asked.thread_id else TokenInvalid
    if asked.thread_id is None:
        visitor = _visitor(session, site, known, email)
        thread = open_thread(session, site.id, CHANNEL, visitor=visitor)
    else:
        if known is None:
            raise TokenMissing("To go on with a conversation, send its old token as Bearer.")
        thread = own_thread(session, known, asked.thread_id)
        _identify(_load(session, known), email)
    made, expires_at = auth.make_token(
        settings, site_id=site.id, visitor_id=thread.visitor_id, thread_id=thread.id, now=now
    )
    people = People(open=is_open(site.hours, now), opens_at=opens_at(site.hours, now))
    return SessionMade(thread_id=thread.id, visitor_token=made, expires_at=expires_at, people=people)


def _visitor(session: Session, site: Site, known: auth.Visitor | None, email: str | None) -> Visitor:
    old = session.get(Visitor, known.visitor_id) if known else None
    if old is not None and old.verified_email in {None, email}:
        old.verified_email = email or old.verified_email
        return old
    visitor = Visitor(id=uuid4(), site_id=site.id, verified_email=email)
    session.add(visitor)
    session.flush()
    return visitor


def _load(session: Session, known: auth.Visitor) -> Visitor:
    visitor = session.get(Visitor, known.visitor_id)
    if visitor is None:
        raise ThreadNotFound
    return visitor


def _identify(visitor: Visitor, email: str | None) -> None:
    # A conversation that belongs to one customer is never shown to another who uses the same browser.
    if email and visitor.verified_email not in {None, email}:
        raise ThreadNotFound
    visitor.verified_email = email or visitor.verified_email
