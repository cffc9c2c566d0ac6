"""Writing a ticket: once for each key, due by its priority, with a history."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.models import Thread, Ticket, TicketEvent, Visitor
from core.models.sealed import owned
from tools import letters, notices, staff_news
from tools.due import due
from tools.fitted import cleaned

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
        "subject": owned(thread_id, cleaned(subject, SUBJECT_MAX)),
        "body": owned(thread_id, cleaned(body, BODY_MAX)),
        "priority": priority,
    }
    due_at = due(session, site_id, priority)
    added = (
        insert(Ticket)
        .values(row | {"due_at": due_at})
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Ticket.id)
    )
    new = session.scalar(added) is not None
    if email:
        visitor = select(Thread.visitor_id).where(Thread.id == thread_id).scalar_subquery()
        session.execute(update(Visitor).where(Visitor.id == visitor).values(contact_email=email))
    ticket = session.scalars(select(Ticket).where(Ticket.key == key)).one()
    if new:
        note(session, ticket, "agent", "opened", priority=priority)
        notices.ticket_opened(session, ticket)
        letters.ticket_opened(session, ticket)
        staff_news.ring(session, site_id, thread_id, "ticket", ticket=ticket.id)
    return ticket


def visitor_wrote(session: Session, thread_id: UUID) -> None:
    """What waited for the visitor waits for staff again."""
    waiting = select(Ticket).where(Ticket.thread_id == thread_id, Ticket.status == "pending")
    for ticket in session.scalars(waiting):
        ticket.status = "open"
        tell(session, ticket, note(session, ticket, "visitor", "answered"))


def visitor_named(session: Session, thread_id: UUID, email: str) -> bool:
    """`email` completes the thread's tickets that lack an address; False where there is none."""
    lacking = session.scalars(select(Ticket).where(Ticket.thread_id == thread_id, Ticket.email.is_(None))).all()
    for ticket in lacking:
        ticket.email = email
        tell(session, ticket, note(session, ticket, "visitor", "addressed"))
        letters.confirm(session, ticket)
    return bool(lacking)


def tell(session: Session, ticket: Ticket, line: int) -> None:
    """Tell staff, and the helpdesk, what the ticket is like now: `line` of its history says why."""
    staff_news.ring(session, ticket.site_id, ticket.thread_id, "ticket", once=str(line), ticket=ticket.id)
    letters.to_helpdesk(session, ticket, "changed", key=str(line))


def note(session: Session, ticket: Ticket, actor: str, kind: str, **details: Any) -> int:
    """Add a line to the ticket's history: its id."""
    line = TicketEvent(ticket_id=ticket.id, actor=actor, kind=kind, details=details)
    session.add(line)
    session.flush()
    return line.id
