"""What staff do with a ticket: assign, reply, solve, open again. And what time does: it falls due, it is closed."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import Conflict, NotFound
from core.models import Thread, Ticket, TicketEvent
from core.settings import Settings, get_settings
from orchestrator import tokens
from orchestrator.case import lock_thread
from orchestrator.inbox import checked
from orchestrator.messages import say
from orchestrator.people import ANSWERING, Person, check_role
from orchestrator.told import tell_staff
from tools import letters
from tools.tickets import note, tell

OPEN = ("open", "pending")
TRIALS = select(Thread.id).where(Thread.trial)  # a few at most, by an index of their own


class TicketNotFound(NotFound):
    """There is no such ticket: `handrail tickets list` and the desk show what there is."""


def tickets(
    session: Session, site_ids: Iterable[str] | None = None, *, states: Sequence[str] = OPEN, limit: int = 100
) -> Sequence[Ticket]:
    """Those in one of `states`, on one of `site_ids` (None: on all), what is due first before what is due later."""
    query = select(Ticket).where(Ticket.status.in_(states), Ticket.thread_id.not_in(TRIALS))
    query = query if site_ids is None else query.where(Ticket.site_id.in_(list(site_ids)))
    return session.scalars(query.order_by(Ticket.due_at.nulls_last(), Ticket.number).limit(limit)).all()


def find(session: Session, number: int) -> Ticket:
    """The ticket that staff and visitor know as `number`. Raises TicketNotFound."""
    ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one_or_none()
    if ticket is None:
        raise TicketNotFound
    return ticket


def history(session: Session, ticket: Ticket) -> Sequence[TicketEvent]:
    """What has become of it, oldest first."""
    query = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.id)
    return session.scalars(query).all()


def assign(session: Session, number: int, person: Person, to: str, *, instead_of: str | None = None) -> Ticket:
    """Give the ticket to `to` ("": to nobody), if `instead_of` (None: nobody) has it still.

    Raises TicketNotFound, RoleMissing, Conflict where somebody else was quicker.
    """
    ticket = _held(session, number, person)
    if (ticket.assignee or None) != (instead_of or None):
        raise Conflict(f"This ticket is with {ticket.assignee or 'nobody'} by now: look at it again.")
    ticket.assignee = to or None
    line = note(session, ticket, person.actor, "assigned", to=to)
    tell_staff(session, ticket.thread_id, "ticket", ticket=ticket.id, once=str(line))
    return ticket


def reply(session: Session, number: int, person: Person, text: str) -> Ticket:
    """Answer the visitor: in the conversation, by mail where they have left it, and in the helpdesk.

    Raises TicketNotFound, RoleMissing, Conflict for a closed one, MessageEmpty, MessageTooLong, MessageNotText.
    """
    ticket = _held(session, number, person)
    if ticket.status == "closed":
        raise Conflict("This ticket is closed: the visitor has to write again.")
    words = tokens.hidden(session, ticket.thread_id, checked(text))
    message_id = say(session, ticket.thread_id, "staff", words, author=person.name)
    assert message_id is not None
    after_s = get_settings().mail_reply_seconds
    letters.staff_replied(session, ticket.site_id, ticket.thread_id, message_id, after_s=after_s)
    ticket.replied_at = ticket.replied_at or func.now()
    ticket.status, ticket.solved_at = "pending", None
    ticket.assignee = ticket.assignee or person.actor
    line = note(session, ticket, person.actor, "replied", message=str(message_id))
    tell_staff(session, ticket.thread_id, "ticket", ticket=ticket.id, once=str(line))
    letters.to_helpdesk(session, ticket, "replied", key=str(message_id), message=message_id)
    return ticket


def solve(session: Session, number: int, person: Person) -> Ticket:
    """The matter is settled. Raises TicketNotFound, RoleMissing, Conflict for a closed one."""
    ticket = _held(session, number, person)
    if ticket.status == "closed":
        raise Conflict("This ticket is closed already.")
    if ticket.status != "solved":
        ticket.status, ticket.solved_at = "solved", func.now()
        tell(session, ticket, note(session, ticket, person.actor, "solved"))
    return ticket


def reopen(session: Session, number: int, person: Person) -> Ticket:
    """It is not settled after all. Raises TicketNotFound, RoleMissing, Conflict for a closed one."""
    ticket = _held(session, number, person)
    if ticket.status == "closed":
        raise Conflict("A closed ticket can't be opened again: open a new one.")
    if ticket.status != "open":
        ticket.status, ticket.solved_at = "open", None
        tell(session, ticket, note(session, ticket, person.actor, "reopened"))
    return ticket


def tell_what_is_due(session: Session) -> int:
    """Tell staff of each ticket that was due and has no reply, once; the number of those."""
    due = (Ticket.due_at < func.now()) & Ticket.replied_at.is_(None) & Ticket.breach_told_at.is_(None)
    query = select(Ticket).where(Ticket.status == "open", due).limit(100).with_for_update(skip_locked=True)
    found = session.scalars(query).all()
    for ticket in found:
        ticket.breach_told_at = func.now()
        line = note(session, ticket, "system", "breached")
        letters.ticket_breached(session, ticket)
        tell_staff(session, ticket.thread_id, "ticket", ticket=ticket.id, once=str(line))
    return len(found)


def close_what_is_settled(session: Session, settings: Settings) -> None:
    """What was solved long ago is closed."""
    old = Ticket.solved_at < func.now() - timedelta(days=settings.ticket_closed_days)
    session.execute(update(Ticket).where(Ticket.status == "solved", old).values(status="closed"))


def _held(session: Session, number: int, person: Person) -> Ticket:
    """The ticket, its thread locked, if `person` may answer there."""
    ticket = find(session, number)
    check_role(session, person, ticket.site_id, ANSWERING, TicketNotFound)
    lock_thread(session, ticket.thread_id)
    session.refresh(ticket, with_for_update=True)
    return ticket
