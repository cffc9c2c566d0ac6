"""What a site's owner is told, at the address that the site has for it: that a ticket is open, that somebody waits.

A notice has what is needed to find the case, and no word of the conversation but its subject, with addresses and long
numbers blotted out: whoever may read more looks it up.
"""

from typing import Any

from sqlalchemy.orm import Session

from core import outbox
from core.log import mask
from core.models import Handoff, Site, Ticket
from core.privacy.tokens import closed

TICKET_OPENED = "ticket.opened"
HANDOFF_QUEUED = "handoff.queued"


def ticket_opened(session: Session, ticket: Ticket) -> None:
    """Tell of a new ticket."""
    _tell(
        session,
        TICKET_OPENED,
        ticket,
        f"ticket:{ticket.id}",
        subject=mask(closed(ticket.subject)),
        priority=ticket.priority,
    )


def handoff_queued(session: Session, handoff: Handoff) -> None:
    """Tell of a conversation that waits for a person."""
    _tell(session, HANDOFF_QUEUED, handoff, f"handoff:{handoff.id}", reason=mask(closed(handoff.reason)))


def _tell(session: Session, kind: str, row: Ticket | Handoff, key: str, **more: Any) -> None:
    body = {"type": kind, "site": row.site_id, "number": row.number, "thread": str(row.thread_id), **more}
    outbox.put(
        session,
        site_id=row.site_id,
        thread_id=row.thread_id,
        destination=f"notices:{row.site_id}",
        kind=kind,
        key=key,
        body=body | {"created_at": row.created_at.isoformat()},
        where=Site.notices_url != "",
    )
