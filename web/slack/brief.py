"""What staff are told of somebody who waits: read from the rows as they are now, never from what was once written."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from brain.client import ToolOutcome
from core.models import Handoff, Message, Site, Thread, Turn, Visitor
from orchestrator.history import outcomes_of
from orchestrator.open_turns import read_history

TURNS = 3  # whose journals are read: the last ones
LINES = 5  # of the conversation so far


@dataclass(frozen=True)
class Source:
    """A page, by title and address."""

    title: str
    url: str


@dataclass(frozen=True)
class Evidence:
    """What was done for the visitor before: searched, found, cited, tried. Each in the order in which it happened."""

    searched: tuple[str, ...] = ()
    found: tuple[Source, ...] = ()
    cited: tuple[Source, ...] = ()
    tried: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """Something that was said."""

    role: str
    author: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Brief:
    """One handoff, and all that a person needs to decide whether to take it."""

    id: UUID
    number: int
    thread_id: UUID
    site_id: str
    site_name: str
    status: str
    claimed_by: str | None
    since: datetime
    closed_at: datetime | None
    reason: str
    priority: str
    language: str
    channel: str
    verified_email: str | None
    contact_email: str | None
    asked: str  # the visitor's last words
    evidence: Evidence = field(default_factory=Evidence)


def brief_of(session: Session, handoff_id: UUID) -> Brief | None:
    """The brief of one handoff; None where it has been deleted."""
    handoff = session.get(Handoff, handoff_id, populate_existing=True)
    thread = session.get(Thread, handoff.thread_id, populate_existing=True) if handoff else None
    if handoff is None or thread is None:
        return None
    site, visitor = session.get_one(Site, handoff.site_id), session.get_one(Visitor, thread.visitor_id)
    return Brief(
        handoff.id,
        handoff.number,
        thread.id,
        site.id,
        site.name,
        handoff.status,
        handoff.claimed_by,
        handoff.created_at,
        handoff.closed_at,
        handoff.reason,
        handoff.priority,
        thread.language,
        thread.channel,
        visitor.verified_email,
        visitor.contact_email,
        _asked(session, thread.id),
        evidence_of(session, thread.id, handoff.created_at),
    )


def evidence_of(session: Session, thread_id: UUID, until: datetime) -> Evidence:
    """What the thread's last turns, begun before `until`, have searched, cited and tried, from their journals."""
    recent = select(Turn.id).where(Turn.thread_id == thread_id, Turn.created_at <= until)
    turns = list(session.scalars(recent.order_by(Turn.created_at.desc()).limit(TURNS)))[::-1]
    outcomes = [made for turn in turns for made in outcomes_of(read_history(session, turn))]
    searches = [made for made in outcomes if made.call.name == "search_kb"]
    answers = select(Message.citations).where(Message.turn_id.in_(turns), Message.role == "agent")
    cited = [each for row in session.scalars(answers.order_by(Message.position)) for each in row]
    return Evidence(
        tuple(dict.fromkeys(filter(None, map(_query, searches)))),
        _sources(each for made in searches for each in _snippets(made)),
        _sources(iter(cited)),
        tuple(filter(None, map(_tried, outcomes))),
    )


def lines_before(session: Session, message: Message) -> list[Line]:
    """What was said last before `message`, oldest first."""
    before = (Message.thread_id == message.thread_id) & (Message.position < message.position)
    rows = session.scalars(select(Message).where(before).order_by(Message.position.desc()).limit(LINES)).all()
    return [Line(row.role, row.author, row.content, row.created_at) for row in reversed(rows)]


def _asked(session: Session, thread_id: UUID) -> str:
    query = select(Message.content).where(Message.thread_id == thread_id, Message.role == "visitor")
    return session.scalar(query.order_by(Message.position.desc()).limit(1)) or ""


def _query(made: ToolOutcome) -> str:
    return str(_object(made.call.arguments).get("query") or "")


def _snippets(made: ToolOutcome) -> Iterator[dict[str, Any]]:
    found = () if made.failed else _object(made.output).get("snippets") or ()
    yield from (each for each in found if isinstance(each, dict))


def _sources(found: Iterator[dict[str, Any]]) -> tuple[Source, ...]:
    """Each page once."""
    told = (Source(str(each.get("title") or ""), str(each.get("url") or "")) for each in found)
    return tuple(dict.fromkeys(source for source in told if source.title or source.url))


def _tried(made: ToolOutcome) -> str:
    """What came of a tool, without what it was given: that can be somebody's address."""
    match made.call.name:
        case "handoff_human":
            return ""
        case name if made.failed:
            return f"{name}: failed ({made.output})"
        case "search_kb":
            count = len(list(_snippets(made)))
            return f"search_kb: {count} {'passage' if count == 1 else 'passages'}"
        case "get_order":
            orders: Sequence[Any] = _object(made.output).get("orders") or ()
            return f"get_order: {len(orders)} found" if orders else "get_order: nothing found, or not theirs"
        case name:
            return f"{name}: done"


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
