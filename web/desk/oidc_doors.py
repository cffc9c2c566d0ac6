"""`/desk/oidc`: out to the single sign-on, and back with an account that exists here already."""

from datetime import timedelta
from typing import Annotated, Any

import jwt
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import NotFound
from core.models import Staff
from core.settings import Settings
from orchestrator import audit
from orchestrator.people import Person
from web.auth import utc_now
from web.deps import Chosen, address
from web.desk import accounts, oidc, sessions, tries
from web.desk.entry import cookie_of
from web.desk.login import check_private, enter, inside
from web.desk.oidc import Journey, Known, SignOnRefused
from web.desk.pages import DeskRoute

COOKIE = "handrail-journey"
AUDIENCE = "handrail-oidc"
MINUTES = 10

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


class SignOnOff(NotFound):
    """No single sign-on is set up here: log in with a password, or have an operator set HANDRAIL_OIDC_ISSUER."""


class NoAccount(SignOnRefused):
    """Nobody here has this address: ask an admin to add you, then sign in again."""


@router.get("/desk/oidc")
def leave(request: Request, settings: Chosen, next: str = "") -> Response:  # noqa: A002 - the address reads well
    """To the issuer."""
    _check_on(settings)
    check_private(request, settings)
    tries.check("oidc", address(request))
    journey = oidc.new_journey()
    answer = RedirectResponse(oidc.way_out(settings, oidc.discover(settings), journey, _back(request, settings)))
    kept: dict[str, Any] = {"s": journey.state, "n": journey.nonce, "v": journey.verifier, "to": inside(next)}
    kept |= {"aud": AUDIENCE, "exp": utc_now() + timedelta(minutes=MINUTES)}
    answer.set_cookie(
        COOKIE,
        jwt.encode(kept, settings.signing_key(), "HS256"),
        max_age=MINUTES * 60,
        path="/desk/oidc",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.get("/desk/oidc/back")
def come_back(
    request: Request,
    settings: Chosen,
    code: Annotated[str, Query(max_length=4096)] = "",
    state: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """From the issuer."""
    _check_on(settings)
    tries.check("oidc", address(request))
    journey, after = _journey(request, settings)
    if not code or not sessions.same(state, journey.state):
        raise SignOnRefused
    known = oidc.way_back(settings, oidc.discover(settings), journey, code, _back(request, settings))
    with transaction() as session:
        token = _token_for(session, request, settings, known)
    if not token:
        raise NoAccount
    answer = enter(request, settings, token, after)
    answer.delete_cookie(COOKIE, path="/desk/oidc")
    return answer


def _token_for(session: Session, request: Request, settings: Settings, known: Known) -> str:
    staff = session.scalars(select(Staff).where(Staff.oidc_subject == known.subject)).one_or_none()
    if staff is None and known.email:
        staff = accounts.find(session, known.email)
        if staff is not None and staff.oidc_subject is not None:  # the address belongs to somebody else there now
            staff = None
    open_ = staff is not None and staff.disabled_at is None
    person = Person(staff.id, staff.name, staff.email) if staff else Person(None, "", "nobody")
    subject = f"staff:{staff.id}" if staff else ""
    action = "login.done" if open_ else "login.failed"
    audit.note(session, person, action, subject, None, details={"by": "oidc"}, address=address(request))
    if staff is None or not open_:
        return ""
    staff.oidc_subject = known.subject
    browser = request.headers.get("user-agent", "")
    return sessions.begin(
        session, settings, staff.id, old=cookie_of(request), address=address(request), browser=browser
    )


def _journey(request: Request, settings: Settings) -> tuple[Journey, str]:
    try:
        kept = jwt.decode(
            request.cookies.get(COOKIE, ""), settings.signing_key(), algorithms=["HS256"], audience=AUDIENCE
        )
        return Journey(kept["s"], kept["n"], kept["v"]), str(kept["to"])
    except (jwt.PyJWTError, KeyError) as error:
        raise SignOnRefused from error


def _back(request: Request, settings: Settings) -> str:
    """The address that the issuer sends browsers back to; it must be registered there."""
    base = settings.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
    return f"{base}/desk/oidc/back"


def _check_on(settings: Settings) -> None:
    if not settings.oidc_issuer or not settings.oidc_client_id:
        raise SignOnOff
