"""Visitor tokens and site identity tokens: pure functions over JWT (HS256), keys and the time passed in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt

from core.errors import TokenExpired, TokenInvalid
from core.settings import Settings

ALGORITHM = "HS256"
AUDIENCE = "handrail-visitor"  # keeps our tokens apart from any other that is signed with the same key
LONGEST_EMAIL = 320
LONGEST_TOKEN = 4096


class IdentityInvalid(TokenInvalid):
    """The identity token is not valid: sign it (HS256) with the site's identity secret, with `email` and `exp`."""


class IdentityExpired(TokenExpired):
    """The identity token has expired: load the page again."""


@dataclass(frozen=True)
class Visitor:
    """Who holds a token: a visitor of a site, and the thread that the token was made for."""

    site_id: str
    visitor_id: UUID
    thread_id: UUID
    expires_at: datetime


def make_token(
    settings: Settings, *, site_id: str, visitor_id: UUID, thread_id: UUID, now: datetime
) -> tuple[str, datetime]:
    """A visitor token, and when it expires (aware, UTC, whole seconds)."""
    expires_at = (now + timedelta(minutes=settings.visitor_token_minutes)).replace(microsecond=0)
    claims = {
        "aud": AUDIENCE,
        "site": site_id,
        "visitor": str(visitor_id),
        "thread": str(thread_id),
        "iat": now,
        "exp": expires_at,
    }
    return jwt.encode(claims, settings.signing_key(), ALGORITHM), expires_at


def read_token(settings: Settings, token: str, *, now: datetime) -> Visitor:
    """The visitor that `token` names. Raises TokenInvalid, TokenExpired."""
    visitor = _read(settings.signing_key(), token)
    if visitor.expires_at <= now:
        raise TokenExpired
    return visitor


def read_renewable(settings: Settings, token: str, *, now: datetime) -> Visitor:
    """As `read_token`, but a token may have expired up to `thread_days` ago: it is good for a new one."""
    visitor = _read(settings.signing_key(), token)
    if visitor.expires_at + timedelta(days=settings.thread_days) <= now:
        raise TokenExpired("This conversation is too old to be continued: start a new one.")
    return visitor


def read_identity(secret: str, token: str, *, now: datetime) -> str:
    """The e-mail address (lower case) that a site vouches for. Raises IdentityInvalid, IdentityExpired."""
    if not secret:
        raise IdentityInvalid("This site takes no identity tokens: it has no identity secret.")
    claims = _claims(token, secret.encode(), IdentityInvalid, required=["email", "exp"])
    email, expires_at = claims["email"], claims["exp"]
    if not _is_number(expires_at) or not isinstance(email, str) or not _looks_like_email(email):
        raise IdentityInvalid
    if expires_at <= now.timestamp():
        raise IdentityExpired
    return email.strip().lower()


def make_identity(secret: str, email: str, *, now: datetime, minutes: int = 60) -> str:
    """An identity token as a site makes it for a customer who is logged in."""
    return jwt.encode({"email": email, "iat": now, "exp": now + timedelta(minutes=minutes)}, secret, ALGORITHM)


def utc_now() -> datetime:
    """The time that tokens are judged by."""
    return datetime.now(UTC)


@lru_cache(maxsize=4096)
def _read(key: bytes, token: str) -> Visitor:
    """What `token` says, verified once: a visitor sends the same one with every request. Refusals are not kept."""
    claims = _claims(token, key, TokenInvalid, required=["exp"], audience=AUDIENCE)
    try:
        return Visitor(
            site_id=str(claims["site"]),
            visitor_id=UUID(claims["visitor"]),
            thread_id=UUID(claims["thread"]),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise TokenInvalid from error


def _claims(
    token: str, key: bytes, refusal: type[TokenInvalid], *, required: list[str], audience: str | None = None
) -> dict[str, Any]:
    # The caller judges the expiry, against the time that it was given.
    options: Any = {"verify_exp": False, "verify_iat": False, "require": required, "verify_aud": audience is not None}
    if len(token) > LONGEST_TOKEN:
        raise refusal
    try:
        return jwt.decode(token, key, algorithms=[ALGORITHM], audience=audience, options=options)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise refusal from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _looks_like_email(text: str) -> bool:
    name, at, domain = text.strip().rpartition("@")
    return bool(name and at and "." in domain) and len(text) <= LONGEST_EMAIL and text.isprintable()
