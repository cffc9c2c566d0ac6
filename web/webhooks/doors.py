"""`POST /webhooks/wordpress` and `POST /webhook/wp-media`: 202 once the event is stored; and what became of it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from core.db import reading
from core.errors import NotFound
from core.models import WebhookEvent
from web.chat import PROBLEMS
from web.schemas import EventAccepted, EventState
from web.webhooks import bodies, wordpress
from web.webhooks.intake import Intake
from web.webhooks.received import Received
from web.webhooks.secrets import Secrets

BODY_MAX = 512 * 1024
Reading = Callable[[bytes, dict[str, Any], Any, tuple[str, ...]], Received]

router = APIRouter(tags=["webhooks"], responses=PROBLEMS)


class EventNotFound(NotFound):
    """No such event was received."""


async def _raw(request: Request) -> bytes:
    return await request.body()


Raw = Annotated[bytes, Depends(_raw)]


@router.post("/webhooks/wordpress", status_code=HTTPStatus.ACCEPTED)
async def wordpress_event(request: Request, raw: Raw) -> EventAccepted:
    """An event of the WordPress plugin: a post, a page, a file, an order.

    `X-WP-Timestamp`, `X-WP-Signature` (hex HMAC-SHA256 of `timestamp.body`) and `Idempotency-Key` (the body's `id`).
    """
    return await _accept(request, raw, wordpress.event)


@router.post("/webhook/wp-media", status_code=HTTPStatus.ACCEPTED)
async def wordpress_media(request: Request, raw: Raw) -> EventAccepted:
    """A file in the media library: `{site_id, file_url, title, attachment_id}`.

    `X-WP-Signature` is the hex HMAC-SHA256 of the raw body.
    """
    return await _accept(request, raw, wordpress.media)


@router.get("/webhook/wp-media/{event_id}")
@router.get("/webhooks/wordpress/{event_id}")
def state_of(event_id: UUID, response: Response) -> EventState:
    """What has become of an event. Its id is known only to whoever sent it."""
    response.headers["Cache-Control"] = "no-store"
    with reading() as session:
        found = session.get(WebhookEvent, event_id)
    if found is None:
        raise EventNotFound
    return EventState(id=found.id, state=found.state, reason=found.reason, attempts=found.attempts)


async def _accept(request: Request, raw: bytes, read: Reading) -> EventAccepted:
    secrets: Secrets = request.app.state.webhook_secrets
    intake: Intake = request.app.state.intake
    body = bodies.parse(raw, request.headers.get("content-type", ""))
    site_id = wordpress.site_of(body)
    known = secrets.remembered(site_id)
    if known is None:
        known = await run_in_threadpool(secrets.look_up, site_id)
    stored = await intake.store(read(raw, body, request.headers, known))
    return EventAccepted(id=stored.id, state="conflict" if stored.conflict else "known" if stored.known else "accepted")
