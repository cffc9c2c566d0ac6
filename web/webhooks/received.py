"""What a webhook comes down to, and what is wrong with one that is refused."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from core.errors import BadRequest, NotAllowed, TooManyRequests


class SignatureWrong(NotAllowed):
    """The signature does not fit: check that both sides have the same secret and the right time."""


class SignatureStale(NotAllowed):
    """The request was signed more than five minutes ago, or for the future: check the clocks of both sides."""


class BodyNotJson(BadRequest):
    """The body is not a JSON object in UTF-8 that is at most 32 levels deep."""

    status = HTTPStatus.BAD_REQUEST


class NotJsonType(BadRequest):
    """Webhooks are JSON: send them with Content-Type: application/json."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class TooManyWaiting(TooManyRequests):
    """Too many events wait to be carried out: send this one again later."""


@dataclass(frozen=True)
class Received:
    """One verified event, normalised. `subject` is what it is about, such as "page:42"."""

    source: str
    site_id: str
    event_id: str
    subject: str
    action: str
    occurred_at: datetime
    data: dict[str, Any]
    body: bytes
    actor: str = ""
    id: UUID = field(default_factory=uuid4)

    @property
    def body_hash(self) -> str:
        """SHA-256 of the body, hex."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Stored:
    """What became of one: new; known already (`id` is the first one's); or another body under a known id."""

    id: UUID
    known: bool = False
    conflict: bool = False
