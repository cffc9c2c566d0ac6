"""Signatures as Standard Webhooks has them: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`."""

import base64
import binascii
import hashlib
import hmac
import secrets

from core.errors import BadRequest

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes, as the standard has it


class SecretRefused(BadRequest):
    """A secret is `whsec_` and the base64 of 24 to 64 random bytes: leave it out, and one is made."""


def make_secret() -> str:
    """A new secret, as both sides write it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The bytes to sign with. Raises SecretRefused."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SecretRefused from error
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise SecretRefused
    return key


def signed(secret: str, *, key: str, body: bytes, at: int) -> dict[str, str]:
    """The headers that vouch for `body` under `key`, `at` seconds since 1970. Raises SecretRefused."""
    content = f"{key}.{at}.".encode() + body
    code = base64.b64encode(hmac.digest(key_of(secret), content, hashlib.sha256)).decode()
    return {"webhook-id": key, "webhook-timestamp": str(at), "webhook-signature": f"v1,{code}"}
