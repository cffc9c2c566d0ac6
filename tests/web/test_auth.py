"""Visitor tokens and identity tokens, with the time passed in."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from pydantic import SecretStr

from core.errors import TokenExpired, TokenInvalid
from core.settings import Settings
from web import auth

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SETTINGS = Settings(secret_key=SecretStr("a-secret-for-tests-that-nobody-else-uses"), home="/nonexistent")
OTHER = Settings(secret_key=SecretStr("another-secret-with-thirty-two-characters"), home="/nonexistent")
SECRET = "the-identity-secret-of-a-site-0123456789"
VISITOR, THREAD = uuid4(), uuid4()


def token(settings: Settings = SETTINGS) -> str:
    made, _ = auth.make_token(settings, site_id="demo", visitor_id=VISITOR, thread_id=THREAD, now=NOW)
    return made


def test_a_token_names_its_visitor() -> None:
    visitor = auth.read_token(SETTINGS, token(), now=NOW)
    assert (visitor.site_id, visitor.visitor_id, visitor.thread_id) == ("demo", VISITOR, THREAD)


def test_a_token_expires_and_can_be_renewed_for_days() -> None:
    late = NOW + timedelta(minutes=SETTINGS.visitor_token_minutes, seconds=1)
    with pytest.raises(TokenExpired):
        auth.read_token(SETTINGS, token(), now=late)
    assert auth.read_renewable(SETTINGS, token(), now=late).visitor_id == VISITOR
    with pytest.raises(TokenExpired):
        auth.read_renewable(SETTINGS, token(), now=late + timedelta(days=SETTINGS.thread_days))


@pytest.mark.parametrize("bad", ["", "x", "a.b.c", "é" * 10, "." * 5000, token(OTHER)])
def test_a_token_of_somebody_else_is_refused(bad: str) -> None:
    with pytest.raises(TokenInvalid):
        auth.read_token(SETTINGS, bad, now=NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": auth.AUDIENCE, "exp": 1e300, "site": "demo", "visitor": str(VISITOR), "thread": str(THREAD)},
        {"aud": auth.AUDIENCE, "exp": NOW, "site": "demo", "visitor": "nobody", "thread": str(THREAD)},
        {"aud": auth.AUDIENCE, "exp": NOW, "site": "demo"},
        {"exp": NOW, "site": "demo", "visitor": str(VISITOR), "thread": str(THREAD)},
    ],
)
def test_a_signed_token_with_wrong_claims_is_refused(claims: dict[str, object]) -> None:
    signed = jwt.encode(claims, SETTINGS.signing_key(), "HS256")
    with pytest.raises(TokenInvalid):
        auth.read_token(SETTINGS, signed, now=NOW)


def test_an_unsigned_token_is_refused() -> None:
    claims = {"aud": auth.AUDIENCE, "exp": NOW, "site": "demo", "visitor": str(VISITOR), "thread": str(THREAD)}
    with pytest.raises(TokenInvalid):
        auth.read_token(SETTINGS, jwt.encode(claims, "", "none"), now=NOW)


def test_an_identity_is_an_address_in_lower_case() -> None:
    assert (
        auth.read_identity(SECRET, auth.make_identity(SECRET, "Ann@Example.com", now=NOW), now=NOW) == "ann@example.com"
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "a@b.c"},
        {"exp": 9e9},
        {"email": 5, "exp": 9e9},
        {"email": "x", "exp": 9e9},
        {"email": "a@b.c", "exp": True},
    ],
)
def test_an_identity_without_address_or_end_is_refused(claims: dict[str, object]) -> None:
    with pytest.raises(auth.IdentityInvalid):
        auth.read_identity(SECRET, jwt.encode(claims, SECRET, "HS256"), now=NOW)


def test_an_old_identity_and_one_for_a_site_without_secret_are_refused() -> None:
    made = auth.make_identity(SECRET, "a@b.example", now=NOW, minutes=5)
    with pytest.raises(auth.IdentityExpired):
        auth.read_identity(SECRET, made, now=NOW + timedelta(minutes=6))
    with pytest.raises(auth.IdentityInvalid):
        auth.read_identity("", made, now=NOW)
