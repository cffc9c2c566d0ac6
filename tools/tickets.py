"""Writing a ticket: once for each key."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.models import Thread, Ticket, Visitor
from tools import notices
from tools.fitted import fitted

SUBJECT_MAX = 200
BODY_MAX = 4_000


def open_ticket(
    session: Session,
    *,
    key: str,
    site_id: str,
    thread_id: UUID,
    email: str | None,
    subject: str,
    body: str,
    priority: str,
) -> Ticket:
    """The ticket under `key`, opened now unless it already is; an `email` becomes the visitor's contact address.

    Too long a subject or body is cut, not refused: a ticket is the last resort and must not fail for its form.
    """
    row = {
        "key": key,
        "site_id": site_id,
        "thread_id": thread_id,
        "email": email,
        "subject": fitted(subject, SUBJECT_MAX),
        "body": fitted(body, BODY_MAX),
        "priority": priority,
    }
    added = insert(Ticket).values(row).on_conflict_do_nothing(index_elements=["key"]).returning(Ticket.id)
    new = session.scalar(added) is not None
    if email:
        visitor = select(Thread.visitor_id).where(Thread.id == thread_id).scalar_subquery()
        session.execute(update(Visitor).where(Visitor.id == visitor).values(contact_email=email))
    ticket = session.scalars(select(Ticket).where(Ticket.key == key)).one()
    if new:
        notices.ticket_opened(session, ticket)
    return ticket
