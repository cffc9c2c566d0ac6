"""Events from WordPress: posts, pages, media and orders, and the older contract for media alone."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from web.webhooks import bodies
from web.webhooks.received import BodyNotJson, Received
from web.webhooks.verifying import check, moment

SOURCE = "wordpress"
EVENTS = frozenset(
    {
        *("post.published", "post.updated", "post.unpublished", "post.trashed", "post.deleted"),
        *("media.added", "media.updated", "media.deleted"),
        *("order.updated", "order.deleted", "site.ping"),
    }
)
NAME = re.compile(r"[\w-]{1,40}", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,19}")
KEY = re.compile(r"[A-Za-z0-9:._-]{1,120}")


def site_of(body: dict[str, Any]) -> str:
    """The site that says it is speaking; nothing is believed until the signature is checked."""
    return bodies.text(body, "site_id", 64)


def event(raw: bytes, body: dict[str, Any], headers: Mapping[str, str], secrets: tuple[str, ...]) -> Received:
    """An event of the plugin: signed over `timestamp.body`.

    Raises SignatureWrong, SignatureStale or BodyNotJson.
    """
    timestamp = headers.get("x-wp-timestamp", "")
    check(headers.get("x-wp-signature", ""), timestamp.encode("latin-1", "replace") + b"." + raw, secrets)
    at = moment(timestamp)
    name = bodies.text(body, "event", 40)
    if name not in EVENTS:
        raise BodyNotJson(f"The event {name[:40]!r} is not known here: they are {', '.join(sorted(EVENTS))}.")
    return Received(
        source=SOURCE,
        site_id=site_of(body),
        event_id=_event_id(body, headers),
        subject=_subject(body),
        action=name,
        occurred_at=_when(body, at),
        data=_data(body),
        body=raw,
        actor=bodies.text(body, "actor", 120),
    )


def media(raw: bytes, body: dict[str, Any], headers: Mapping[str, str], secrets: tuple[str, ...]) -> Received:
    """A file that was uploaded: `{site_id, file_url, title, attachment_id}`, signed over the body alone.

    Such a request can be sent again by whoever has seen it: all that this does is to have the file read again.
    Raises SignatureWrong or BodyNotJson.
    """
    check(headers.get("x-wp-signature", ""), raw, secrets)
    number = bodies.text(body, "attachment_id", 19)
    if not NUMBER.fullmatch(number):
        raise BodyNotJson("The field `attachment_id` must be the attachment's number.")
    url = bodies.text(body, "file_url")
    if not url.startswith(("https://", "http://")):
        raise BodyNotJson("The field `file_url` must be the file's web address.")
    now = datetime.now(UTC)
    # The same file may be uploaded again under its name: one body counts once in ten seconds, unless it has a key.
    given = headers.get("idempotency-key", "")
    made = f"media:{number}:{int(now.timestamp()) // 10}:{hashlib.sha256(raw).hexdigest()[:16]}"
    key = given if KEY.fullmatch(given) else made
    data = {"file_url": url, "title": bodies.text(body, "title", 500)}
    return Received(SOURCE, site_of(body), key, f"attachment:{number}", "media.added", now, data, raw)


def _event_id(body: dict[str, Any], headers: Mapping[str, str]) -> str:
    """The id in the body, which is signed; the header, which is not, must say the same."""
    said, key = bodies.text(body, "id", 120), headers.get("idempotency-key", "")
    if not KEY.fullmatch(said) or (key and key != said):
        raise BodyNotJson("The field `id` must name the event, and the header Idempotency-Key must repeat it.")
    return said


def _subject(body: dict[str, Any]) -> str:
    subject = body.get("subject", {})
    if not isinstance(subject, dict):
        raise BodyNotJson("The field `subject` must be an object with `type` and `id`.")
    kind, number = bodies.text(subject, "type", 40), bodies.text(subject, "id", 19)
    if not NAME.fullmatch(kind) or not NUMBER.fullmatch(number):
        raise BodyNotJson("The field `subject` must have the `type` and the number `id` of what the event is about.")
    return f"{kind}:{number}"


def _when(body: dict[str, Any], at: int) -> datetime:
    said = bodies.text(body, "occurred_at", 40)
    try:
        when = datetime.fromisoformat(said) if said else datetime.fromtimestamp(at, UTC)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        # A clock that runs ahead must not make its events newer than all that follow.
        return min(when.astimezone(UTC), datetime.now(UTC))
    except (ValueError, OverflowError):
        raise BodyNotJson("The field `occurred_at` must be a time like 2026-08-03T12:00:00Z.") from None


def _data(body: dict[str, Any]) -> dict[str, Any]:
    data = body.get("data", {})
    if not isinstance(data, dict):
        raise BodyNotJson("The field `data` must be an object.")
    return data
