"""`POST /webhooks/wordpress/privacy/export` and `…/erase`: what WordPress' own tools for personal data ask of us.

Signed like an event, by the site whose visitors they are. The body says what is wanted, so that what was signed for an
export is no order to erase; and a request counts once, so that nobody who has seen one is given the answer again.
"""

import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import redis
from fastapi import APIRouter, Depends, Request, Response, Security
from pydantic import BaseModel

from core import bus
from core.db import transaction
from core.errors import Conflict, Unavailable
from core.log import get_logger
from orchestrator.erasing import WORDPRESS, Receipt, erase, erase_address, visitors_of
from orchestrator.exporting import export
from tools.address import normal, well_formed
from web.chat import PROBLEMS
from web.deps import Raw
from web.webhooks import bodies, contract, wordpress
from web.webhooks.received import BodyNotJson
from web.webhooks.secrets import Secrets
from web.webhooks.verifying import WINDOW_S, check, moment

log = get_logger(__name__)

router = APIRouter(
    prefix="/webhooks/wordpress/privacy",
    tags=["webhooks"],
    responses=PROBLEMS,
    dependencies=[Security(contract.SIGNATURE)],
)
AT_ONCE = 10  # visitors; WordPress calls again until all are erased
LAST_PAGE = 100_000


class Replayed(Conflict):
    """This request was made before: sign a new one."""


class Kept(BaseModel):
    """One thing that is kept of a person; `facts` by name."""

    kind: Literal["message", "ticket"]
    id: str
    at: datetime
    facts: dict[str, str]


class Exported(BaseModel):
    """A page of what is kept; `done` on the last one."""

    entries: list[Kept]
    done: bool


class Erased(BaseModel):
    """How many of each were erased by this call; call again unless it is `done`.

    `receipts` names a receipt for each visitor: `GET /api/agent/receipts/{id}` shows it, signed.
    """

    receipt: dict[str, int]
    receipts: list[UUID]
    done: bool


class Wanted(BaseModel):
    """Whose data, on which site, which page of it."""

    site_id: str
    email: str
    page: int


def _signed(request: Request, raw: Raw) -> Wanted:
    """What a site asks for. Raises SignatureWrong, SignatureStale, BodyNotJson, Replayed, Unavailable."""
    body = bodies.parse(raw, request.headers.get("content-type", ""))
    secrets: Secrets = request.app.state.webhook_secrets
    site_id = wordpress.site_of(body)
    timestamp = request.headers.get("x-wp-timestamp", "")
    signature = request.headers.get("x-wp-signature", "")
    check(signature, timestamp.encode("latin-1", "replace") + b"." + raw, secrets.look_up(site_id))
    moment(timestamp)
    if bodies.text(body, "event", 40) != f"privacy.{request.url.path.rpartition('/')[2]}":
        raise BodyNotJson("The field `event` must be privacy.export or privacy.erase, as the address says.")
    wanted = Wanted(site_id=site_id, email=_email(body), page=_page(body))
    _once(raw, timestamp)
    return wanted


Signed = Annotated[Wanted, Depends(_signed)]


@router.post("/export", openapi_extra=contract.taking(contract.privacy("privacy.export")))
def export_data(wanted: Signed, response: Response) -> Exported:
    """What is kept of the visitor who has proven this address: messages and tickets, page by page."""
    response.headers["Cache-Control"] = "no-store"
    with transaction() as session:
        entries, done = export(session, wanted.site_id, wanted.email, wanted.page)
    return Exported(entries=[Kept(**asdict(entry)) for entry in entries], done=done)


@router.post("/erase", openapi_extra=contract.taking(contract.privacy("privacy.erase")))
def erase_data(wanted: Signed, response: Response) -> Erased:
    """Erase some of the visitors with this address, each at once; with the last of them, the address elsewhere."""
    response.headers["Cache-Control"] = "no-store"
    receipt, ids = Receipt(), []
    with transaction() as session:
        found = visitors_of(session, wanted.site_id, wanted.email, AT_ONCE)
    for visitor_id in found:
        with transaction() as session:
            id_, erased = erase(session, wanted.site_id, visitor_id, actor=WORDPRESS)
        receipt += erased
        ids.append(id_)
    done = len(found) < AT_ONCE
    if done:
        with transaction() as session:
            receipt += erase_address(session, wanted.site_id, wanted.email)
    log.info("visitor_data_erased", site=wanted.site_id, **asdict(receipt))
    return Erased(receipt=asdict(receipt), receipts=ids, done=done)


def _email(body: dict[str, Any]) -> str:
    email = normal(bodies.text(body, "email", 320))
    if not well_formed(email):
        raise BodyNotJson("The field `email` must be an e-mail address.")
    return email


def _page(body: dict[str, Any]) -> int:
    page = body.get("page", 1)
    if not isinstance(page, int) or isinstance(page, bool) or not 1 <= page <= LAST_PAGE:
        raise BodyNotJson("The field `page` must be a number from 1.")
    return page


def _once(raw: bytes, timestamp: str) -> None:
    # Over what was signed, not over the signature: the same request fits under two secrets while one is rotated.
    digest = hashlib.sha256(timestamp.strip().encode() + b"." + raw).hexdigest()
    try:
        new = bus.allowed(f"privacy:{digest}", limit=1, seconds=2 * WINDOW_S)
    except redis.RedisError as error:
        raise Unavailable("Whether this request was made before can't be told just now: try again.") from error
    if not new:
        raise Replayed
