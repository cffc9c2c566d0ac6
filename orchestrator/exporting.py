"""What is kept of one person, page by page, for whoever has to answer a request for it: what was said, and tickets.

Only conversations of visitors who have proven the address: anybody can write somebody else's into a chat.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.models import Feedback, Message, Thread, Ticket, Visitor
from orchestrator import tokens

PAGE = 50  # entries; a message has some thousand characters at most


@dataclass(frozen=True)
class Entry:
    """One thing that is kept. `kind`: message or ticket; `facts` are names and what they hold, for a person to read."""

    kind: str
    id: str
    thread_id: UUID
    at: datetime
    facts: dict[str, str]


def export(session: Session, site_id: str, email: str, page: int) -> tuple[list[Entry], bool]:
    """The entries of a page (from 1), oldest first: messages, then tickets. And whether it is the last one."""
    offset = (page - 1) * PAGE
    said = [_said(*row) for row in _rows(session, _messages(site_id, email), offset)]
    before = session.scalar(select(func.count()).select_from(_messages(site_id, email).subquery())) or 0
    opened = [_opened(*row) for row in _rows(session, _tickets(site_id, email), max(0, offset - before))]
    entries = [*said, *opened][:PAGE]
    return _in_their_words(session, entries), len(entries) < PAGE


def _in_their_words(session: Session, entries: Sequence[Entry]) -> list[Entry]:
    there = tokens.drawers(session, {entry.thread_id for entry in entries})
    return [
        replace(entry, facts={name: there[entry.thread_id].opened(fact) for name, fact in entry.facts.items()})
        if entry.thread_id in there
        else entry
        for entry in entries
    ]


def _rows(session: Session, query: Select[Any], offset: int) -> Sequence[Sequence[Any]]:
    return [tuple(row) for row in session.execute(query.offset(offset).limit(PAGE))]


def _messages(site_id: str, email: str) -> Select[Any]:
    wanted = select(Message, Feedback).join(Thread, Thread.id == Message.thread_id).join(Visitor)
    whose = (Thread.site_id == site_id, func.lower(Visitor.verified_email) == email)
    query: Select[Any] = wanted.outerjoin(Feedback).where(*whose).order_by(Message.position)  # type: ignore[assignment]
    return query


def _tickets(site_id: str, email: str) -> Select[Any]:
    wanted = select(Ticket).join(Thread, Thread.id == Ticket.thread_id).join(Visitor)
    whose = (Thread.site_id == site_id, func.lower(Visitor.verified_email) == email)
    return wanted.where(*whose).order_by(Ticket.number)


def _said(message: Message, feedback: Feedback | None) -> Entry:
    facts = {"conversation": str(message.thread_id), "by": message.role, "text": message.content}
    return Entry("message", str(message.id), message.thread_id, message.created_at, facts | dict(_judged(feedback)))


def _judged(feedback: Feedback | None) -> Iterator[tuple[str, str]]:
    if feedback is not None:
        yield "feedback", " ".join([feedback.thumbs, *feedback.tags])


def _opened(ticket: Ticket) -> Entry:
    facts = {"number": str(ticket.number), "status": ticket.status, "email": ticket.email or ""}
    return Entry(
        "ticket",
        str(ticket.id),
        ticket.thread_id,
        ticket.created_at,
        facts | {"subject": ticket.subject, "text": ticket.body},
    )
