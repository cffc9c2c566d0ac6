"""Browsers in which staff are logged in: the cookie's hash is stored, and they end by themselves."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from core.models import Site, Staff, StaffRole, StaffSession
from core.settings import Settings
from web.desk.rights import Roles

SEEN_EVERY = timedelta(minutes=1)  # a page that is opened writes no more often than that
BROWSER_MAX = 200


@dataclass(frozen=True)
class Login:
    """Who is logged in, in which browser, with the roles that they have at this moment."""

    staff_id: UUID
    email: str
    name: str
    roles: Roles
    token_hash: str
    csrf: str
    has_password: bool


def token_hash(token: str) -> str:
    """What is stored of a cookie: SHA-256, hex. It is random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(session: Session, settings: Settings, staff_id: UUID, *, old: str, address: str, browser: str) -> str:
    """Log somebody in: a new cookie each time, and what the browser's `old` one opened is closed."""
    if old:
        end(session, token_hash(old))
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            token_hash=token_hash(token),
            staff_id=staff_id,
            csrf=secrets.token_urlsafe(32),
            expires_at=func.now() + timedelta(hours=settings.desk_session_hours),
            address=address[:64],
            browser=browser[:BROWSER_MAX],
        )
    )
    return token


def find(session: Session, settings: Settings, token: str, *, seen: bool = True) -> Login | None:
    """Who holds `token`, as they are now: a closed account or a role that was taken counts from the next request on.

    A page that only waits is not `seen`: it does not keep a login alive that nobody uses.
    """
    if not token:
        return None
    hashed, idle = token_hash(token), timedelta(minutes=settings.desk_idle_minutes)
    wanted = select(StaffSession, Staff).join(Staff, Staff.id == StaffSession.staff_id)
    alive = (StaffSession.expires_at > func.now(), StaffSession.seen_at > func.now() - idle)
    row = session.execute(
        wanted.where(StaffSession.token_hash == hashed, *alive, Staff.disabled_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    browser, staff = row
    if seen:
        _note_seen(session, hashed)
    return Login(
        staff.id, staff.email, staff.name, _roles(session, staff.id), hashed, browser.csrf, bool(staff.password_hash)
    )


def end(session: Session, hashed: str) -> None:
    """Log one browser out."""
    session.execute(delete(StaffSession).where(StaffSession.token_hash == hashed))


def forget_old(session: Session, settings: Settings) -> int:
    """Delete what has ended; returns how many."""
    idle = func.now() - timedelta(minutes=settings.desk_idle_minutes)
    ended = delete(StaffSession).where(or_(StaffSession.expires_at <= func.now(), StaffSession.seen_at <= idle))
    return len(session.scalars(ended.returning(StaffSession.token_hash)).all())


def same(given: str, wanted: str) -> bool:
    """Compare without telling by the time how much agrees."""
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


def _note_seen(session: Session, hashed: str) -> None:
    stale = (StaffSession.token_hash == hashed, StaffSession.seen_at < func.now() - SEEN_EVERY)
    session.execute(update(StaffSession).where(*stale).values(seen_at=func.now()))


def _roles(session: Session, staff_id: UUID) -> Roles:
    mine = session.execute(select(StaffRole.site_id, StaffRole.role).where(StaffRole.staff_id == staff_id))
    names = session.execute(select(Site.id, Site.name).order_by(Site.name, Site.id))
    return Roles({site: role for site, role in mine}, {site: name for site, name in names})  # noqa: C416
