"""What leaves by mail. To add a letter: write how it is made from the rows that it is about, add it to LETTERS."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Message, Site, Thread, Ticket, Visitor
from core.privacy.tokens import closed
from core.settings import Settings
from orchestrator import tokens
from web.mail.conversation import said_in, shown_moment
from web.mail.letter import Letter, Said
from web.mail.phrases import phrases

Body = dict[str, Any]
ANSWERS = ("staff",)


@dataclass(frozen=True)
class Desk:
    """What a letter is made with."""

    session: Session
    site: Site
    settings: Settings

    def link(self, thread_id: UUID) -> str:
        """Where staff find the conversation; "" where no address is set for this Handrail."""
        return f"{self.settings.public_url.rstrip('/')}/desk/threads/{thread_id}" if self.settings.public_url else ""


def confirmation(desk: Desk, body: Body) -> Letter | None:
    """To the visitor: the ticket is there. An address that nobody has proven is told none of the visitor's words."""
    ticket = desk.session.get(Ticket, UUID(body["ticket"]))
    if ticket is None or not ticket.email:
        return None
    thread = desk.session.get_one(Thread, ticket.thread_id)
    visitor = desk.session.get_one(Visitor, thread.visitor_id)
    language, say = phrases(thread.language)
    names = {"site": desk.site.name, "ticket": ticket.number}
    proven = visitor.verified_email is not None and visitor.verified_email == ticket.email
    asked: tuple[str | Said, ...] = (
        (say.answer_here, Said(tokens.opened(desk.session, thread.id, ticket.subject))) if proven else ()
    )
    return Letter(
        ticket.email,
        say.confirmed_subject.format(**names),
        (say.confirmed.format(**names), *asked),
        language,
        footer=say.why.format(**names),
    )


def opened(desk: Desk, body: Body) -> Letter | None:
    """To the staff: there is a new ticket."""
    return _to_staff(desk, body, "Ticket {n}: {subject}", "A ticket was opened.")


def breached(desk: Desk, body: Body) -> Letter | None:
    """To the staff: a ticket was due, and nobody has replied."""
    return _to_staff(desk, body, "Overdue: ticket {n}: {subject}", "Nobody has replied to this ticket in time.")


def _to_staff(desk: Desk, body: Body, subject: str, first: str) -> Letter | None:
    ticket = desk.session.get(Ticket, UUID(body["ticket"]))
    if ticket is None or not desk.site.ticket_mail_to:
        return None
    facts = [f"Priority: {ticket.priority}", f"From: {ticket.email or 'no address is known yet'}"]
    facts += [f"First reply due: {shown_moment(ticket.due_at)}"] if ticket.due_at else []
    facts += [f"Conversation: {where}"] if (where := desk.link(ticket.thread_id)) else []
    title = f"[{desk.site.name}] " + subject.format(n=ticket.number, subject=closed(ticket.subject))
    said = Said(closed(ticket.body), who=closed(ticket.subject))
    footer = f"Answer with: handrail tickets reply {ticket.number} “…”, or at the desk."
    return Letter(desk.site.ticket_mail_to, title, (first, "\n".join(facts), said), footer=footer)


def reply(desk: Desk, body: Body) -> Letter | None:
    """To a visitor who has left: what staff have said since. None where they said more: that has its own letter."""
    thread = desk.session.get(Thread, UUID(body["thread"]))
    newest, words = _unread(desk.session, thread) if thread else (None, [])
    if thread is None or newest is None or str(newest) != body["message"]:
        return None
    visitor = desk.session.get_one(Visitor, thread.visitor_id)
    to = visitor.verified_email or visitor.contact_email
    if not to:
        return None
    language, say = phrases(thread.language)
    names = {"site": desk.site.name, "url": desk.site.wordpress_url}
    more = [say.go_on.format(**names)] if desk.site.wordpress_url else []
    subject = say.replied_subject.format(**names)
    parts: list[str | Said] = [say.replied, *words, *more]
    return Letter(to, subject, tuple(parts), language, automatic=False, footer=say.why.format(**names))


def transcript(desk: Desk, body: Body) -> Letter | None:
    """To whom the visitor has named: the whole conversation."""
    thread = desk.session.get(Thread, UUID(body["thread"]))
    if thread is None:
        return None
    language, say = phrases(thread.language)
    names = {"site": desk.site.name}
    parts: list[str | Said] = [say.transcript, *said_in(desk.session, thread, say)]
    subject = say.transcript_subject.format(**names)
    return Letter(body["to"], subject, tuple(parts), language, footer=say.why.format(**names))


def test(desk: Desk, body: Body) -> Letter:
    """To the operator, who wants to know whether mail arrives."""
    words = f"Mail of {desk.site.name} arrives: this came from Handrail by {desk.settings.smtp_host}."
    return Letter(body["to"], f"[{desk.site.name}] Mail arrives", (words,))


LETTERS: dict[str, Callable[[Desk, Body], Letter | None]] = {
    "ticket.confirmed": confirmation,
    "ticket.opened": opened,
    "ticket.breached": breached,
    "reply": reply,
    "transcript": transcript,
    "test": test,
}


def _unread(session: Session, thread: Thread) -> tuple[UUID | None, list[Said]]:
    """The newest of staff's words that went neither by mail nor were answered by the visitor, and all of them."""
    latest = select(func.coalesce(func.max(Message.position), 0))
    heard = latest.where(Message.thread_id == thread.id, Message.role == "visitor").scalar_subquery()
    since = func.greatest(heard, thread.mailed_position)
    query = select(Message).where(Message.thread_id == thread.id, Message.role.in_(ANSWERS), Message.position > since)
    rows = session.scalars(query.order_by(Message.position)).all()
    drawer = tokens.drawer(session, thread.id)
    said = [Said(drawer.opened(row.content), who=row.author, when=shown_moment(row.created_at)) for row in rows]
    return (rows[-1].id if rows else None), said
