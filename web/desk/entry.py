"""Who enters a page of the desk, and may they? Every route names the right that it asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Request
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import HandrailError, RoleMissing, ThreadNotFound
from core.log import bind
from core.models import Thread
from core.settings import Settings
from orchestrator import audit
from orchestrator.people import Person
from web.deps import address, settings_of
from web.desk import sessions
from web.desk.rights import Right
from web.desk.sessions import Login

SECURE_COOKIE, PLAIN_COOKIE = "__Host-handrail", "handrail"  # over https, and where there is none: on this machine
READING_METHODS = frozenset({"GET", "HEAD"})


class LoginNeeded(HandrailError):
    """Log in first."""

    status = HTTPStatus.UNAUTHORIZED


class FormExpired(HandrailError):
    """This form is not from this login any more, so nothing was done: go back, load the page again, and repeat it."""

    status = HTTPStatus.FORBIDDEN


class ConversationNotFound(ThreadNotFound):
    """There is no such conversation, or it is not on one of your sites."""


@dataclass(frozen=True)
class Visit:
    """One request of somebody who is logged in."""

    request: Request
    settings: Settings
    login: Login
    right: Right | None

    @property
    def person(self) -> Person:
        """Who it is, as those below the web know them."""
        return Person(self.login.staff_id, self.login.name, self.login.email)

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites on which they have the right that this route asks for."""
        return self.login.roles.sites(self.right) if self.right else tuple(self.login.roles.names)

    def may(self, right: Right, site: str) -> bool:
        """Whether they have `right` on `site`."""
        return self.login.roles.may(right, site)

    def chosen_sites(self, wanted: str) -> tuple[str, ...]:
        """`sites`, or the one among them that was chosen; one that is not among them is none."""
        return tuple(site for site in self.sites if wanted in {"", site})

    def note(self, session: Session, action: str, subject: str, site: str | None, **details: Any) -> None:
        """Write into the audit log that they did this, from where they are."""
        audit.note(session, self.person, action, subject, site, details=details, address=address(self.request))

    def thread(self, session: Session, thread_id: str) -> Thread:
        """A conversation on which this route's right holds.

        Raises ConversationNotFound where they may not even know of it, RoleMissing where they may only read it.
        """
        found = session.get(Thread, id_of(thread_id))
        if found is None or not self.may(Right.READ, found.site_id):
            raise ConversationNotFound
        if self.right and not self.may(self.right, found.site_id):
            raise RoleMissing
        bind(thread_id=str(found.id), site_id=found.site_id)
        return found


def id_of(text: str, missing: type[HandrailError] = ConversationNotFound) -> UUID:
    """`text` as an id. Raises `missing`: what is no id names nothing."""
    try:
        return UUID(text)
    except ValueError:
        raise missing from None


def cookie_name(request: Request) -> str:
    """The name of the cookie: a browser takes `__Host-` ones over https alone, and for this host alone."""
    return SECURE_COOKIE if request.url.scheme == "https" else PLAIN_COOKIE


def cookie_of(request: Request) -> str:
    """The cookie that the browser sent, or ""."""
    return request.cookies.get(cookie_name(request), "")


def seeing(right: Right | None) -> Callable[..., Visit]:
    """A dependency: somebody who is logged in and has `right` on some site (None: whoever is logged in)."""

    def enter(request: Request) -> Visit:
        return _enter(request, right)

    return _marked(enter, right)


def acting(right: Right | None) -> Callable[..., Visit]:
    """As `seeing`, for what changes something: the form must be one of this login's own."""

    def enter(request: Request, csrf: Annotated[str, Form()] = "") -> Visit:
        visit = _enter(request, right)
        if not from_here(request) or not sessions.same(csrf, visit.login.csrf):
            raise FormExpired
        return visit

    return _marked(enter, right)


def from_here(request: Request) -> bool:
    """False where the browser says that another site sent the form."""
    return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def _marked(enter: Callable[..., Visit], right: Right | None) -> Callable[..., Visit]:
    enter.right = right  # type: ignore[attr-defined]  # a test reads it from the route
    return enter


def known(request: Request) -> Login:
    """Who is logged in. Raises LoginNeeded."""
    with transaction() as session:
        login = sessions.find(session, settings_of(request), cookie_of(request))
    if login is None:
        raise LoginNeeded
    return login


def _enter(request: Request, right: Right | None) -> Visit:
    settings, login = settings_of(request), known(request)
    bind(staff_id=str(login.staff_id))
    request.state.login = login  # for the page that tells of an error
    if right is not None and not login.roles.anywhere(right):
        raise RoleMissing
    return Visit(request, settings, login, right)
