"""`POST /webhooks/wordpress` and `POST /webhook/wp-media`: 202 once the event is stored; and what became of it."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response, Security
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from core.db import reading
from core.errors import NotFound
from core.models import Document, WebhookEvent
from web.chat import PROBLEMS
from web.schemas import EventAccepted, EventState
from web.webhooks import bodies, contract, wordpress
from web.webhooks.acts import locator_of
from web.webhooks.intake import Intake
from web.webhooks.received import Received
from web.webhooks.secrets import Secrets

BODY_MAX = 512 * 1024
Reading = Callable[[bytes, dict[str, Any], Mapping[str, str], tuple[str, ...]], Received]
SHORT = frozenset({"/webhooks/wordpress", "/webhook/wp-media"})

router = APIRouter(tags=["webhooks"], responses=PROBLEMS)


class EventNotFound(NotFound):
    """No such event was received."""


@router.post(
    "/webhooks/wordpress",
    status_code=HTTPStatus.ACCEPTED,
    response_model=EventAccepted,
    dependencies=[Security(contract.SIGNATURE)],
    openapi_extra=contract.taking(contract.EVENT),
)
async def wordpress_event(request: Request) -> Response:
    """An event of the WordPress plugin: a post, a page, a file, an order.

    `X-WP-Timestamp`, `X-WP-Signature` (hex HMAC-SHA256 of `timestamp.body`) and `Idempotency-Key` (the body's `id`).
    """
    return await _accept(request, wordpress.event)


@router.post(
    "/webhook/wp-media",
    status_code=HTTPStatus.ACCEPTED,
    response_model=EventAccepted,
    dependencies=[Security(contract.SIGNATURE)],
    openapi_extra=contract.taking(contract.MEDIA, stamped=False),
)
async def wordpress_media(request: Request) -> Response:
    """A file in the media library: `{site_id, file_url, title, attachment_id}`.

    `X-WP-Signature` is the hex HMAC-SHA256 of the raw body.
    """
    return await _accept(request, wordpress.media)


@router.get("/webhook/wp-media/{event_id}")
@router.get("/webhooks/wordpress/{event_id}")
def state_of(event_id: UUID, response: Response) -> EventState:
    """What has become of an event. Its id is known only to whoever sent it."""
    response.headers["Cache-Control"] = "no-store"
    with reading() as session:
        found = session.get(WebhookEvent, event_id)
        if found is None:
            raise EventNotFound
        reason = found.reason or (_of_document(session, found) if found.state == "done" else "")
    return EventState(id=found.id, state=found.state, reason=reason, attempts=found.attempts)


def _of_document(session: Session, event: WebhookEvent) -> str:
    """Why what the event is about could not be read; "" where it could, or where it is no document."""
    wanted = select(Document.reason).where(Document.site_id == event.site_id, Document.locator == locator_of(event))
    return session.scalar(wanted) or ""


async def _accept(request: Request, read: Reading) -> Response:
    raw, headers = await request.body(), _headers(request)
    body = bodies.parse(raw, headers.get("content-type", ""))
    known = await _secrets(request.app.state.webhook_secrets, wordpress.site_of(body))
    intake: Intake = request.app.state.intake
    stored = await intake.store(read(raw, body, headers, known))
    state = "conflict" if stored.conflict else "known" if stored.known else "accepted"
    return Response(f'{{"id":"{stored.id}","state":"{state}"}}', HTTPStatus.ACCEPTED, media_type="application/json")


def _headers(request: Request) -> dict[str, str]:
    """By their names in small letters; of two with one name the first counts."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(request.headers.raw)}


async def _secrets(secrets: Secrets, site_id: str) -> tuple[str, ...]:
    known = secrets.remembered(site_id)
    return await run_in_threadpool(secrets.look_up, site_id) if known is None else known
