"""Slack's signatures: `v0=` and the hex HMAC-SHA256 of `v0:TIMESTAMP:BODY`, over the raw bytes, five minutes both ways.

Not the SDK's verifier: it raises on headers that are no numbers and on bodies that are no UTF-8, and it knows one
secret only, where two must count while one is rotated.
"""

from collections.abc import Iterable, Mapping

from web.webhooks.received import SignatureStale
from web.webhooks.verifying import check, moment

VERSION = "v0"


def verify(raw: bytes, headers: Mapping[str, str], secrets: Iterable[str], now: float | None = None) -> int:
    """When Slack signed `raw`, in seconds since 1970. Raises SignatureWrong, SignatureStale."""
    stamp = headers.get("x-slack-request-timestamp", "")
    signed = b":".join([VERSION.encode(), stamp.encode("latin-1", "replace"), raw])
    given = headers.get("x-slack-signature", "").strip()
    check(given.removeprefix(f"{VERSION}=") if given.startswith(f"{VERSION}=") else "", signed, secrets)
    try:
        return moment(stamp, now)
    except SignatureStale:
        raise SignatureStale(
            "Slack signed this request more than five minutes ago, or for the future: check this server's clock."
        ) from None
