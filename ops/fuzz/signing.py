"""Requests that must be signed: schemathesis sends a word in the signature's place, and here it becomes the signature.

So a request from which schemathesis took the signature, or whose signature it made up, goes out as it is.
"""

import hashlib
import hmac
import re
import time
from collections.abc import MutableMapping
from typing import Any, cast

import requests
import schemathesis

from ops.fuzz.house import SLACK_SECRET, WEBHOOK_SECRET, House

PLACEHOLDER = "sign-here"
WANTED = {"X-WP-Signature": PLACEHOLDER, "X-Slack-Signature": PLACEHOLDER}
ERASING = "/api/agent/data"  # who has deleted everything can do nothing more: so that is always somebody new
STAMP = re.compile(r"[0-9]{1,12}")


def register(house: House, known: frozenset[str]) -> None:
    """Have schemathesis sign; who holds one of the `known` tokens is a visitor. Twice is once."""
    schemathesis.hooks.unregister_all()

    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        del context, case
        kwargs["auth"] = Signed(house, known)

    schemathesis.hook(before_call)


class Signed(requests.auth.AuthBase):
    """Fills the signature in, once the request's bytes are known."""

    def __init__(self, house: House, known: frozenset[str]) -> None:
        """As `register`."""
        self.house, self.known = house, known

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign what is to be signed."""
        path, headers = request.path_url, cast("MutableMapping[str, str]", request.headers)
        if path.startswith(ERASING) and headers.get("Authorization", "") in self.known:
            headers.update(self.house.visitor().headers)
        raw = _bytes(request.body)
        if headers.get("X-WP-Signature") == PLACEHOLDER:
            told = headers.get("X-WP-Timestamp")
            # A time that could be one becomes the present; one that is missing, or none, stays as it is.
            at = None if told and STAMP.fullmatch(told) else told or ""
            ours = wordpress_headers(raw, stamped=not path.startswith("/webhook/"), at=at)
            headers.update({name: value for name, value in ours.items() if value})
        if headers.get("X-Slack-Signature") == PLACEHOLDER:
            headers.update(slack_headers(raw))
        return request


def _bytes(body: object) -> bytes:
    assert body is None or isinstance(body, str | bytes)
    return (body.encode() if isinstance(body, str) else body) or b""


def wordpress_headers(raw: bytes, *, stamped: bool, at: str | None = None) -> dict[str, str]:
    """What vouches for `raw` as the fuzzed site's; `at` is the time that is signed, the present by default."""
    if not stamped:
        return {"X-WP-Signature": _code(WEBHOOK_SECRET, raw)}
    stamp = str(int(time.time())) if at is None else at
    signed = stamp.encode("latin-1", "replace") + b"." + raw
    return {"X-WP-Timestamp": stamp, "X-WP-Signature": _code(WEBHOOK_SECRET, signed)}


def slack_headers(raw: bytes) -> dict[str, str]:
    """What vouches for `raw` as Slack's."""
    stamp = str(int(time.time()))
    signature = f"v0={_code(SLACK_SECRET, f'v0:{stamp}:'.encode() + raw)}"
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}


def _code(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
