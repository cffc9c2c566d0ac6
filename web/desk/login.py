"""`/desk/login`, `/desk/logout`, `/desk/me`: who comes in and goes out, and one's own password and browsers."""

import hashlib
import hmac
import secrets
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import HandrailError
from core.models import Staff, StaffSession
from core.settings import Settings
from orchestrator import audit
from orchestrator.people import Person
from web.deps import Chosen, address
from web.desk import accounts, passwords, sessions, tries
from web.desk.entry import SECURE_COOKIE, Visit, acting, cookie_name, cookie_of, from_here, seeing
from web.desk.pages import DeskRoute, bare, go, page

FORM_COOKIE = "handrail-login"  # proves that the form of the login page is ours: there is no login yet to tell it by
LOCAL = frozenset({"127.0.0.1", "::1", "localhost", "testclient"})

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


class LoginRefused(HandrailError):
    """The address or the password is not right, or the account is closed: try again, or ask an admin."""

    status = HTTPStatus.UNAUTHORIZED


class LoginFormExpired(HandrailError):
    """This form is too old, or your browser takes no cookies: try once more."""

    status = HTTPStatus.FORBIDDEN


class NotPrivate(HandrailError):
    """The desk is open over https alone: use a proxy that speaks it, and list that one in HANDRAIL_TRUSTED_PROXIES."""

    status = HTTPStatus.FORBIDDEN


@router.get("/desk/login")
def show_login(request: Request, settings: Chosen, next: str = "") -> Response:  # noqa: A002 - the address reads well
    """The form."""
    return _form(request, settings, after=next)


@router.post("/desk/login")
def log_in(
    request: Request,
    settings: Chosen,
    *,
    email: Annotated[str, Form(max_length=400)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    after: Annotated[str, Form(max_length=2000)] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """Check address and password. What is wrong of both is not said, and takes as long."""
    try:
        _check_form(request, settings, csrf)
        tries.check(email, address(request))
        token = _token_for(request, settings, email, password)
    except HandrailError as error:
        return _form(request, settings, email=email, after=after, error=error)
    tries.forget(email, address(request))
    return enter(request, settings, token, after)


@router.post("/desk/logout")
def log_out(visit: Annotated[Visit, Depends(acting(None))], everywhere: Annotated[str, Form()] = "") -> Response:
    """End this login, or all of one's own."""
    with transaction() as session:
        if everywhere:
            accounts.log_out_everywhere(session, visit.login.staff_id)
        sessions.end(session, visit.login.token_hash)
        visit.note(session, "login.ended", f"staff:{visit.login.staff_id}", None, everywhere=bool(everywhere))
    answer = go("/desk/login", done="logged-out")
    answer.delete_cookie(cookie_name(visit.request), path="/", secure=visit.request.url.scheme == "https")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@router.get("/desk/me")
def show_me(visit: Annotated[Visit, Depends(seeing(None))]) -> Response:
    """One's own account: roles, password, browsers."""
    return _me(visit)


@router.post("/desk/me/password")
def change_password(
    visit: Annotated[Visit, Depends(acting(None))],
    old: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Change one's own password: the old one is asked for, and every other browser is logged out."""
    try:
        tries.check(visit.login.email, address(visit.request))
        with transaction() as session:
            staff = session.get_one(Staff, visit.login.staff_id)
            if staff.password_hash and not passwords.fits(old, staff.password_hash):
                raise LoginRefused("Your present password is not right.")
            accounts.set_password(session, staff, new, keep=visit.login.token_hash)
            visit.note(session, "password.changed", f"staff:{staff.id}", None)
    except HandrailError as error:
        return _me(visit, error)
    return go("/desk/me", done="password")


def enter(request: Request, settings: Settings, token: str, after: str) -> Response:
    """Give the browser its cookie, and go where it wanted to."""
    answer = go(inside(after))
    answer.set_cookie(
        cookie_name(request),
        token,
        max_age=round(settings.desk_session_hours * 3600),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    answer.delete_cookie(FORM_COOKIE, path="/desk/login")
    return answer


def inside(where: str) -> str:
    """`where` if it is a page of the desk: a link must not lead from our login to somewhere else."""
    ours = where.startswith(("/desk", "/admin/agent/")) and "//" not in where and "\\" not in where
    return where if ours and where.isprintable() and not where.startswith(("/desk/login", "/desk/live")) else "/desk"


def check_private(request: Request, settings: Settings) -> None:
    """Raises NotPrivate where a password would travel in the clear through a network."""
    local = request.url.hostname in LOCAL and address(request) in LOCAL
    if settings.profile == "production" and request.url.scheme != "https" and not local:
        raise NotPrivate


def _token_for(request: Request, settings: Settings, email: str, password: str) -> str:
    with transaction() as session:
        staff = accounts.find(session, email)
        stored = staff.password_hash if staff and staff.disabled_at is None else ""
        right = passwords.fits(password, stored)
        _note(session, request, staff, "login.done" if right else "login.failed")
        token = ""
        if right and staff:
            staff.password_hash = passwords.renewed(password, stored)
            sessions.forget_old(session, settings)
            browser, old = request.headers.get("user-agent", ""), cookie_of(request)
            token = sessions.begin(session, settings, staff.id, old=old, address=address(request), browser=browser)
    if not token:
        raise LoginRefused
    return token


def _note(session: Session, request: Request, staff: Staff | None, action: str) -> None:
    # What was typed for an address is not kept where nobody has it: it may be a password.
    person = Person(staff.id, staff.name, staff.email) if staff else Person(None, "", "nobody")
    subject = f"staff:{staff.id}" if staff else ""
    audit.note(session, person, action, subject, None, address=address(request))


def _form(
    request: Request, settings: Settings, *, email: str = "", after: str = "", error: HandrailError | None = None
) -> Response:
    try:
        check_private(request, settings)
    except NotPrivate as refusal:
        error = refusal
    seed = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
    answer = bare(
        request,
        "login.html",
        status=error.status if error else HTTPStatus.OK,
        problem=error.detail if error else "",
        email=email[:320],
        after=inside(after),
        csrf=_proof(settings, seed),
        oidc=settings.oidc_name if settings.oidc_issuer else "",
        open=not isinstance(error, NotPrivate),
    )
    secure = cookie_name(request) == SECURE_COOKIE
    answer.set_cookie(FORM_COOKIE, seed, path="/desk/login", httponly=True, samesite="strict", secure=secure)
    return answer


def _check_form(request: Request, settings: Settings, csrf: str) -> None:
    check_private(request, settings)
    seed = request.cookies.get(FORM_COOKIE, "")
    if not seed or not from_here(request) or not sessions.same(csrf, _proof(settings, seed)):
        raise LoginFormExpired


def _proof(settings: Settings, seed: str) -> str:
    return hmac.new(settings.signing_key(), f"login form {seed}".encode(), hashlib.sha256).hexdigest()


def _me(visit: Visit, error: HandrailError | None = None) -> Response:
    with transaction() as session:
        mine = select(StaffSession).where(StaffSession.staff_id == visit.login.staff_id)
        browsers = session.scalars(mine.order_by(StaffSession.seen_at.desc())).all()
    told = {"browsers": browsers, "problem": error.detail if error else ""}
    return page(visit, "me.html", status=error.status if error else HTTPStatus.OK, **told)
