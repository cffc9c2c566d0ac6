"""Receipts of what was erased: what went, what was asked away elsewhere and how far that is, what nobody can reach.

A receipt is JSON that is signed when it is given, so that whoever holds it can have it checked later, without any
database. It names the conversations by ids that lead nowhere any more, and nobody.
"""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import signing
from core.errors import BadRequest, NotFound
from core.models import Erasure, Outgoing

FORM = 1
PURPOSE = "receipts of erasure"
STATES = {"sent": "done", "pending": "waiting", "dead": "failed"}
BEYOND = {
    "mail": "Letters that were sent can't be called back: at least so many.",
    "notices": "Notices to the site's own address, without words of the conversation but a ticket's subject.",
    "models": "Questions to hosted models: what their providers keep ends by the agreement with them.",
    "slack_words": "Notes that staff wrote in Slack themselves: only they, or Slack's admins, can delete them there.",
    "helpdesk_mail": "Tickets that went to a helpdesk by mail: delete them there.",
}


class ReceiptNotFound(NotFound):
    """There is no receipt of this id: copy it whole from where it was given."""


class NoReceipt(BadRequest):
    """This is no receipt of Handrail's: give the JSON as `GET /api/agent/receipts/{id}` or `handrail erase` gave it."""


def receipt(session: Session, id_: UUID, now: datetime | None = None) -> dict[str, Any]:
    """The receipt `id_` as things stand now, signed. Raises ReceiptNotFound."""
    row = session.get(Erasure, id_, populate_existing=True)
    if row is None:
        raise ReceiptNotFound
    facts = row.facts
    told = {
        "form": FORM,
        "id": str(row.id),
        "site": row.site_id,
        "erased_at": row.erased_at.astimezone(UTC).isoformat(),
        "erased_by": row.erased_by,
        "counts": facts["counts"],
        "ids": facts["ids"],
        "elsewhere": _elsewhere(session, facts["asked"]),
        "out_of_reach": [{"what": kind, "count": n, "means": BEYOND[kind]} for kind, n in facts["beyond"].items()],
        "probe": row.probe,
        "issued_at": (now or datetime.now(UTC)).isoformat(),
    }
    return told | {"signature": signing.sign(PURPOSE, _plain(told))}


def as_text(told: dict[str, Any]) -> str:
    """A receipt to be kept in a file."""
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def verified(raw: str | bytes) -> tuple[dict[str, Any], bool]:
    """The receipt in `raw`, and whether it is as it was given. Raises NoReceipt."""
    try:
        told = json.loads(raw)
        signature, ids = told.pop("signature"), told["ids"]
        UUID(told["id"])
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise NoReceipt from None
    if not isinstance(signature, str) or not isinstance(ids, list):
        raise NoReceipt
    return told, signing.is_signed(PURPOSE, _plain(told), signature)


def _elsewhere(session: Session, asked: list[str]) -> dict[str, dict[str, int]]:
    """By service: how many copies were asked away, and how far that is. The outbox forgets what was sent long ago."""
    rows = session.execute(select(Outgoing.key, Outgoing.state).where(Outgoing.key.in_(asked)))
    states = {key: STATES[state] for key, state in rows}
    counted = Counter((key.partition(":")[0], states.get(key, "done")) for key in asked)
    services = dict.fromkeys(key.partition(":")[0] for key in asked)
    return {each: {state: counted[each, state] for state in STATES.values()} for each in services}


def _plain(told: dict[str, Any]) -> bytes:
    """What is signed: the same bytes however the receipt was laid out."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
