"""A sender of webhooks for the tests: signs as the WordPress plugin does."""

import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

from tests.conftest import SITE

SECRET = "a-webhook-secret-for-tests-alone"


def event(name: str = "post.updated", **more: Any) -> dict[str, Any]:
    """The body of an event about page 42."""
    body = {"id": str(uuid4()), "site_id": SITE, "event": name, "subject": {"type": "page", "id": 42}}
    return body | {"occurred_at": "2026-11-22T12:00:00Z", "data": {"link": "https://shop.example/returns"}} | more


def signed(body: dict[str, Any] | bytes, *, secret: str = SECRET, at: float | None = None) -> tuple[bytes, Any]:
    """The raw body, and the headers that vouch for it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(int(time.time() if at is None else at))
    code = hmac.new(secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-WP-Timestamp": stamp, "X-WP-Signature": code}
    return raw, headers


def media(**more: Any) -> tuple[bytes, dict[str, str]]:
    """A file that was uploaded, under the contract for media alone."""
    body = {"site_id": SITE, "file_url": "https://shop.example/a.pdf", "title": "A", "attachment_id": 7} | more
    raw = json.dumps(body).encode()
    code = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    return raw, {"Content-Type": "application/json", "X-WP-Signature": code}
