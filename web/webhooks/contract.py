"""What senders sign and send, for the contract: the doors read raw bytes, so OpenAPI is told by hand."""

from typing import Any

from fastapi.security import APIKeyHeader

from web.webhooks.bodies import SAFE

SIGNATURE = APIKeyHeader(
    name="X-WP-Signature",
    scheme_name="WordPressSignature",
    auto_error=False,
    description="Hex HMAC-SHA256, under the site's webhook secret, of what the door says is signed.",
)
SLACK_SIGNATURE = APIKeyHeader(
    name="X-Slack-Signature",
    scheme_name="SlackSignature",
    auto_error=False,
    description="`v0=` and the hex HMAC-SHA256 of `v0:X-Slack-Request-Timestamp:body`.",
)
TIMESTAMP = {
    "name": "X-WP-Timestamp",
    "in": "header",
    "required": True,
    "description": "When it was signed, in seconds since 1970; five minutes either way.",
    "schema": {"type": "string", "pattern": "^[0-9]{1,12}$"},
}


def _or_number(told: dict[str, Any], least: int = 0) -> dict[str, Any]:
    """A text of that form; a number is taken as one."""
    return {"anyOf": [{"type": "string"} | told, {"type": "integer", "minimum": least, "maximum": SAFE}]}


SITE_ID = {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"}
NUMBER = _or_number({"pattern": "^[0-9]{1,19}$"})
EVENT = {
    "type": "object",
    "required": ["id", "site_id", "event", "subject"],
    "properties": {
        "id": _or_number({"pattern": "^[A-Za-z0-9:._-]{1,120}$"}, -SAFE),
        "site_id": SITE_ID,
        "event": {
            "enum": [
                *("post.published", "post.updated", "post.unpublished", "post.trashed", "post.deleted"),
                *("media.added", "media.updated", "media.deleted"),
                *("order.updated", "order.deleted", "site.ping"),
            ]
        },
        "subject": {
            "type": "object",
            "required": ["type", "id"],
            "properties": {"type": _or_number({"pattern": "^[A-Za-z0-9_-]{1,40}$"}, -SAFE), "id": NUMBER},
        },
        "occurred_at": {"type": "string", "format": "iso-8601", "description": "Empty: when it was signed."},
        "actor": _or_number({"maxLength": 120}, -SAFE),
        "data": {"type": "object"},
    },
}
MEDIA = {
    "type": "object",
    "required": ["site_id", "file_url", "attachment_id"],
    "properties": {
        "site_id": SITE_ID,
        "file_url": {"type": "string", "pattern": "^https?://", "maxLength": 2000},
        "title": _or_number({"maxLength": 500}, -SAFE),
        "attachment_id": NUMBER,
    },
}


def privacy(event: str) -> dict[str, Any]:
    """Whose data is to be exported or erased: `event` says which."""
    return {
        "type": "object",
        "required": ["event", "site_id", "email"],
        "properties": {
            "event": {"const": event},
            "site_id": SITE_ID,
            "email": {"type": "string", "format": "email", "maxLength": 254},
            "page": {"type": "integer", "minimum": 1, "maximum": 100_000},
        },
    }


def taking(body: dict[str, Any], kind: str = "application/json", *, stamped: bool = True) -> dict[str, Any]:
    """What a route adds to its part of the contract: the body that it takes, and the time that is signed with it."""
    told: dict[str, Any] = {"requestBody": {"required": True, "content": {kind: {"schema": body}}}}
    return told | ({"parameters": [TIMESTAMP]} if stamped else {})
