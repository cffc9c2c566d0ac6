"""Single sign-on: an issuer of our own over HTTP, whose keys, tokens and manners a test chooses."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db
from core.models import Site, Staff
from core.settings import get_settings
from tests.web.desk.staff import make_staff
from web.app import make_app
from web.desk import accounts, oidc

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLIENT = "handrail"


@dataclass
class Issuer:
    """An issuer: `claims` are put into its tokens over the right ones, `key` signs them."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = KEY
    nonce: str = ""
    forms: list[dict[str, str]] = field(default_factory=list)
    name: str = ""  # that it gives itself

    def token(self) -> str:
        now = datetime.now(UTC)
        right = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "user-1",
            "nonce": self.nonce,
            "email": "Ada@shop.example",
            "email_verified": True,
            "iat": now,
            "exp": now + timedelta(minutes=5),
        }
        return jwt.encode(right | self.claims, self.key, "RS256", headers={"kid": "one"})

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("openid-configuration"):
            places = {"authorization_endpoint": "/out", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return {"issuer": self.name or self.url} | {key: self.url + place for key, place in places.items()}
        if path == "/keys":
            return {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "one"}]}
        return {"id_token": self.token()}


@contextmanager
def serving() -> Iterator[Issuer]:
    issuer = Issuer()

    class Door(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = json.dumps(issuer.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            issuer.forms.append({key: values[0] for key, values in parse_qs(sent).items()})
            self._answer()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    yield issuer
    server.shutdown()
    server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with serving() as running:
        yield running


@pytest.fixture
def signed_on(session: Session, site: Site, issuer: Issuer) -> Iterator[TestClient]:
    """The application with this issuer."""
    session.commit()
    given = {"oidc_issuer": issuer.url, "oidc_client_id": CLIENT, "oidc_private_hosts": ("127.0.0.1",)}
    with TestClient(make_app(get_settings().model_copy(update=given))) as client:
        yield client


def way_out(client: TestClient, issuer: Issuer) -> dict[str, str]:
    """Leave for the issuer; what it is asked."""
    answer = client.get("/desk/oidc?next=/desk/tickets", follow_redirects=False)
    assert answer.status_code == 307, answer.text
    asked = {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    issuer.nonce = asked["nonce"]
    return asked


def come_back(client: TestClient, issuer: Issuer, **more: str) -> Any:
    """Out and back."""
    asked = way_out(client, issuer)
    return client.get("/desk/oidc/back", params={"code": "c", "state": asked["state"]} | more, follow_redirects=False)


def test_the_first_sign_on_binds_an_account_by_its_verified_address(signed_on: TestClient, issuer: Issuer) -> None:
    make_staff("ada@shop.example", "agent")
    answer = come_back(signed_on, issuer)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/tickets")
    assert signed_on.get("/desk").status_code == 200
    sent = issuer.forms[0]
    assert sent["grant_type"] == "authorization_code"
    assert oidc.challenge(sent["code_verifier"])  # PKCE
    issuer.claims = {"email": "renamed@shop.example"}  # the subject counts from now on
    assert come_back(signed_on, issuer).status_code == 303
    with db.transaction() as session:
        assert session.scalars(select(Staff.oidc_subject)).one() == f"{issuer.url} user-1"


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},  # and no azp
        {"iss": "https://evil.example"},
        {"exp": datetime.now(UTC) - timedelta(hours=1)},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": None},
        {"email": "stranger@shop.example"},
    ],
)
def test_a_token_that_is_not_for_this_login_opens_nothing(
    signed_on: TestClient, issuer: Issuer, claims: dict[str, Any]
) -> None:
    make_staff("ada@shop.example", "agent")
    issuer.claims = claims
    assert come_back(signed_on, issuer).status_code == 401
    assert signed_on.get("/desk", follow_redirects=False).status_code == 303


def test_a_foreign_signature_or_a_shared_key_opens_nothing(signed_on: TestClient, issuer: Issuer) -> None:
    make_staff("ada@shop.example", "agent")
    issuer.key = OTHER
    assert come_back(signed_on, issuer).status_code == 401
    found = oidc.discover(signed_on.app.state.settings)  # type: ignore[attr-defined]
    forged = jwt.encode({"sub": "x"}, "k" * 40, "HS256", headers={"kid": "one"})
    with pytest.raises(oidc.SignOnRefused):
        oidc.read(signed_on.app.state.settings, found, forged, "n", issuer.answer("/keys"))  # type: ignore[attr-defined]


def test_the_way_back_needs_the_way_out_of_the_same_browser(signed_on: TestClient, issuer: Issuer) -> None:
    make_staff("ada@shop.example", "agent")
    assert come_back(signed_on, issuer, state="another").status_code == 401
    asked = way_out(signed_on, issuer)
    signed_on.cookies.clear()
    elsewhere = signed_on.get("/desk/oidc/back", params={"code": "c", "state": asked["state"]}, follow_redirects=False)
    assert elsewhere.status_code == 401


def test_a_closed_account_stays_closed(signed_on: TestClient, issuer: Issuer) -> None:
    make_staff("ada@shop.example", "agent")
    with db.transaction() as session:
        accounts.disable(session, accounts.named(session, "ada@shop.example"))
    assert come_back(signed_on, issuer).status_code == 401


def test_an_issuer_that_calls_itself_otherwise_is_not_believed(signed_on: TestClient, issuer: Issuer) -> None:
    issuer.name = "https://another.example"
    answer = signed_on.get("/desk/oidc", follow_redirects=False)
    assert answer.status_code == 503
    assert "HANDRAIL_OIDC_ISSUER" in answer.text


def test_without_an_issuer_there_is_no_such_door(client: TestClient) -> None:
    assert client.get("/desk/oidc").status_code == 404
    assert "single sign-on" not in client.get("/desk/login").text
