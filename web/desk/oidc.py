"""Single sign-on by OpenID Connect: authorization code with PKCE, and an id token that is checked in full."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
import jwt

from core.addresses import pinned, public_addresses, tls, web_address
from core.errors import HandrailError, Unavailable
from core.settings import Settings

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")  # never a shared key
SECONDS = 5.0
MOST_BYTES = 512 * 1024
LEEWAY_S = 60  # between the issuer's clock and ours


class IssuerAway(Unavailable):
    """The single sign-on service does not answer as it should: try again shortly, or log in with a password."""


class SignOnRefused(HandrailError):
    """The single sign-on did not succeed: start again from the login page."""

    status = 401


@dataclass(frozen=True)
class Issuer:
    """Where it is asked, as it says itself."""

    issuer: str
    authorization: str
    token: str
    keys: str


@dataclass(frozen=True)
class Journey:
    """What one browser carries from the way out to the way back."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Known:
    """Whom the issuer vouches for. `email` only where it says that it is theirs."""

    subject: str  # "issuer subject"
    email: str | None


def new_journey() -> Journey:
    """Random words for one login."""
    return Journey(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))


def discover(settings: Settings) -> Issuer:
    """What the issuer says of itself. Raises IssuerAway."""
    base = settings.oidc_issuer.rstrip("/")
    found = _ask(settings, "GET", f"{base}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != base:  # else one issuer could speak for another
        raise IssuerAway("The single sign-on service calls itself by another name: check HANDRAIL_OIDC_ISSUER.")
    try:
        return Issuer(found["issuer"], found["authorization_endpoint"], found["token_endpoint"], found["jwks_uri"])
    except KeyError as error:
        raise IssuerAway from error


def way_out(settings: Settings, issuer: Issuer, journey: Journey, back: str) -> str:
    """Where to send the browser."""
    asked = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": back,
        "scope": "openid email profile",
        "state": journey.state,
        "nonce": journey.nonce,
        "code_challenge": challenge(journey.verifier),
        "code_challenge_method": "S256",
    }
    return f"{issuer.authorization}{'&' if '?' in issuer.authorization else '?'}{urlencode(asked)}"


def way_back(settings: Settings, issuer: Issuer, journey: Journey, code: str, back: str) -> Known:
    """Whom the code stands for. Raises IssuerAway, SignOnRefused."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "client_id": settings.oidc_client_id,
        "code_verifier": journey.verifier,
    }
    if secret := settings.oidc_client_secret.get_secret_value():
        form["client_secret"] = secret
    answer = _ask(settings, "POST", issuer.token, form)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise SignOnRefused
    return read(settings, issuer, token, journey.nonce, _ask(settings, "GET", issuer.keys))


def read(settings: Settings, issuer: Issuer, token: str, nonce: str, keys: dict[str, Any]) -> Known:
    """Whom the id token names, if it is the issuer's, for us, for this login, and now. Raises SignOnRefused."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        known = [key for key in jwt.PyJWKSet.from_dict(keys).keys if kid in {None, key.key_id}]
        claims: dict[str, Any] = jwt.decode(
            token,
            known[0],
            algorithms=list(ALGORITHMS),
            audience=settings.oidc_client_id,
            issuer=issuer.issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, IndexError, ValueError, TypeError, KeyError) as error:
        raise SignOnRefused from error
    others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("nonce") != nonce or (others and claims.get("azp") != settings.oidc_client_id):
        raise SignOnRefused
    email = claims.get("email") if claims.get("email_verified") is True else None
    return Known(f"{issuer.issuer} {claims['sub']}"[:255], email.lower() if isinstance(email, str) else None)


def challenge(verifier: str) -> str:
    """PKCE's S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _ask(settings: Settings, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
    """A JSON object from the issuer, through the door that lets nobody be sent to our own network."""
    try:
        target = web_address(url)
        if target.scheme != "https" and target.host not in settings.oidc_private_hosts:
            raise IssuerAway("The single sign-on service must be reached over https.")
        address = public_addresses(target, settings.oidc_private_hosts)[0]
        with httpx2.Client(verify=tls(), trust_env=False, follow_redirects=False, timeout=SECONDS) as client:
            heads = {"Accept": "application/json"}
            body = {"content": urlencode(form).encode()} if form is not None else {}
            heads |= {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
            response = client.send(pinned(client, method, target, address, headers=heads, **body), stream=True)
            try:
                return _read(response)
            finally:
                response.close()
    except httpx2.HTTPError as error:
        raise IssuerAway from error


def _read(response: httpx2.Response) -> dict[str, Any]:
    data = b""
    for part in response.iter_bytes():
        data += part
        if len(data) > MOST_BYTES:
            raise IssuerAway
    if response.status_code in {400, 401, 403}:
        raise SignOnRefused
    try:
        found = json.loads(data) if response.status_code == 200 else None  # noqa: PLR2004 - "OK"
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise IssuerAway
    return found
