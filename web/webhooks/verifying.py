"""Signatures: HMAC-SHA256 in hex, over the raw bytes, in constant time, with two secrets while one is rotated."""

import hmac
import time
from collections.abc import Iterable

from web.webhooks.received import SignatureStale, SignatureWrong

WINDOW_S = 300  # both ways
NOBODY = "there is no such site, and that takes just as long to say"


def check(signature: str, signed: bytes, secrets: Iterable[str]) -> None:
    """Raises SignatureWrong unless `signature` is that of `signed` under one of `secrets`."""
    given = signature.strip().lower().encode("latin-1", "replace")
    fits = False
    for secret in [*filter(None, secrets)] or [NOBODY]:
        expected = hmac.digest(secret.encode(), signed, "sha256").hex().encode()
        fits |= hmac.compare_digest(given, expected) and secret is not NOBODY
    if not fits:
        raise SignatureWrong


def moment(timestamp: str, now: float | None = None) -> int:
    """`timestamp`, seconds since 1970, if it is within the window. Raises SignatureStale."""
    given = timestamp.strip()
    if not (given.isascii() and given.isdecimal() and len(given) <= 12):  # noqa: PLR2004 - up to the year 33658
        raise SignatureStale("The header X-WP-Timestamp must be the time of signing, in seconds since 1970.")
    if abs((time.time() if now is None else now) - int(given)) > WINDOW_S:
        raise SignatureStale
    return int(given)
