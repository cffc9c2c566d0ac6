"""Signatures of what we keep and give out: HMAC-SHA256, by a key of its own for each purpose, made from one secret."""

import hashlib
import hmac

from core.settings import get_settings

NAME_CHARS = 12


def derived_key(purpose: str) -> bytes:
    """The key for `purpose`, made from HANDRAIL_SECRET_KEY: knowing one of them tells nothing of the others."""
    return hmac.digest(get_settings().signing_key(), f"handrail:{purpose}".encode(), hashlib.sha256)


def key_name(purpose: str) -> str:
    """A short name of that key, which tells after a change of the secret that another one has signed."""
    return hashlib.sha256(b"name:" + derived_key(purpose)).hexdigest()[:NAME_CHARS]


def sign(purpose: str, said: bytes) -> str:
    """The signature of `said`: 64 hexadecimal digits."""
    return hmac.new(derived_key(purpose), said, hashlib.sha256).hexdigest()


def is_signed(purpose: str, said: bytes, signature: str) -> bool:
    """Whether `signature` is that of `said`; takes the same time however much of it is right."""
    return hmac.compare_digest(sign(purpose, said).encode(), signature.encode())
