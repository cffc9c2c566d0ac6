"""All that the desk shows of one conversation: what was said, noted and found, who the visitor is, who has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from core.models import Feedback, Handoff, Message, Note, Site, Thread, Ticket, Turn, Visitor
from orchestrator import records
from orchestrator.verifying import glance
from web.desk.proof import Proof, proofs, web_link

SHOWN = 200  # messages on one page, the newest
PROVEN = 40  # answers on it that come with what they rest on
WORDS_SHOWN = 90  # characters of what they began with
OTHERS = 8  # earlier conversations of the same visitor


@dataclass(frozen=True)
class Line:
    """One entry: `kind` is the message's role, or "note". `citations` have only links that lead to the web."""

    id: str
    kind: str
    author: str
    content: str
    at: datetime
    citations: tuple[dict[str, Any], ...] = ()
    proof: Proof | None = None
    evidence: str = ""  # of an answer: "verified", "changed" since, "broken"; "" without a record
    thumbs: str = ""
    edited: bool = False


@dataclass(frozen=True)
class Conversation:
    """One conversation. `handoff` is its open one, if it has one; `before` the position for earlier messages."""

    thread: Thread
    site: Site
    visitor: Visitor
    lines: tuple[Line, ...]
    handoff: Handoff | None
    owner_name: str
    tickets: tuple[Ticket, ...]
    others: tuple[Any, ...]
    working: bool
    before: int | None
    last_id: str


def conversation(session: Session, thread: Thread, before: int | None = None) -> Conversation:
    """Read it; with `before`, what was said before that position."""
    rows, more = _messages(session, thread.id, before)
    handoff = session.scalars(
        select(Handoff).where(Handoff.thread_id == thread.id, Handoff.closed_at.is_(None))
    ).one_or_none()
    lines = [*_said(session, rows), *_noted(session, thread.id, rows if more else [])]
    return Conversation(
        thread=thread,
        site=session.get_one(Site, thread.site_id),
        visitor=session.get_one(Visitor, thread.visitor_id),
        lines=tuple(sorted(lines, key=lambda line: line.at)),
        handoff=handoff,
        owner_name=(handoff.claimed_by or "") if handoff else "",
        tickets=tuple(session.scalars(select(Ticket).where(Ticket.thread_id == thread.id).order_by(Ticket.number))),
        others=tuple(_others(session, thread)),
        working=session.scalar(select(Turn.id).where(Turn.thread_id == thread.id, Turn.ended_at.is_(None))) is not None,
        before=rows[0].position if more else None,
        last_id=str(rows[-1].id) if rows else "",
    )


def _messages(session: Session, thread_id: UUID, before: int | None) -> tuple[list[Message], bool]:
    """The newest messages, oldest first, and whether there are earlier ones."""
    wanted = select(Message).where(Message.thread_id == thread_id)
    if before is not None:
        wanted = wanted.where(Message.position < before)
    rows = session.scalars(wanted.order_by(Message.position.desc()).limit(SHOWN + 1)).all()
    return list(reversed(rows[:SHOWN])), len(rows) > SHOWN


def _said(session: Session, rows: list[Message]) -> list[Line]:
    answers = [row for row in rows if row.role == "agent" and row.turn_id][-PROVEN:]
    cited = {row.turn_id: row.citations for row in answers if row.turn_id}
    found = proofs(session, cited, cited)
    evidence = glance(session, records.kept(session, answers).values())
    thumbs = _thumbs(session, [row.id for row in rows if row.role in {"agent", "staff"}])
    return [
        Line(
            id=str(row.id),
            kind=row.role,
            author=row.author,
            content=row.content,
            at=row.created_at,
            citations=tuple(each | {"link": web_link(each.get("link") or "")} for each in row.citations),
            proof=found.get(row.turn_id) if row.role == "agent" and row.turn_id else None,
            evidence=evidence.get(row.id, ""),
            thumbs=thumbs.get(row.id, ""),
        )
        for row in rows
    ]


def _thumbs(session: Session, ids: list[UUID]) -> dict[UUID, str]:
    wanted = select(Feedback.message_id, Feedback.thumbs).where(Feedback.message_id.in_(ids))
    return {row.message_id: row.thumbs for row in session.execute(wanted)} if ids else {}


def _noted(session: Session, thread_id: UUID, rows: list[Message]) -> list[Line]:
    """The notes; where earlier messages are not shown, those since the first one that is."""
    wanted = select(Note).where(Note.thread_id == thread_id, Note.deleted_at.is_(None))
    if rows:
        wanted = wanted.where(Note.created_at >= rows[0].created_at)
    notes = session.scalars(wanted.order_by(Note.created_at)).all()
    return [
        Line(
            f"note-{note.id}",
            "note",
            note.author + (" (Slack)" if note.source == "slack" else ""),
            note.content,
            note.created_at,
            edited=note.edited_at is not None,
        )
        for note in notes
    ]


def _others(session: Session, thread: Thread) -> Any:
    said = select(Message).where(Message.thread_id == Thread.id, Message.role == "visitor")
    first = said.order_by(Message.position).limit(1).lateral()
    wanted = select(Thread.id, Thread.created_at, Thread.status, first.c.content.label("words"))
    mine = wanted.outerjoin(first, true()).where(Thread.visitor_id == thread.visitor_id, Thread.id != thread.id)
    rows = session.execute(mine.order_by(Thread.created_at.desc()).limit(OTHERS))
    return [row._asdict() | {"words": (row.words or "")[:WORDS_SHOWN]} for row in rows]
