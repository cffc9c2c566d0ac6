"""What a listener has missed: from a thread's Redis stream, and from the database where Redis lost it."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Message, Thread, Turn
from orchestrator.messages import as_json
from web.hub import Heard

EVENT_ID = re.compile(r"\d{1,15}-\d{1,10}")
FRESH = timedelta(seconds=5)  # a turn that ended so shortly ago may have ended before its visitor listened
CLOCKS = timedelta(seconds=2)  # by how much Redis' clock and the database's may differ

Row = tuple[str, dict[str, str]]  # of a Redis stream


@dataclass
class Known:
    """What a listener has already been told, so that it is told nothing twice."""

    last_id: str | None = None
    position: int = 0  # of the newest message that needs not be looked for
    messages: set[str] = field(default_factory=set)
    turns: set[str] = field(default_factory=set)  # that have ended

    def is_new(self, heard: Heard) -> bool:
        """True where the listener should get `heard`; notes that it has it then."""
        if heard.id is not None:
            if self.last_id is not None and order(heard.id) <= order(self.last_id):
                return False
            self.last_id = heard.id
        return self.note(heard)

    def note(self, heard: Heard) -> bool:
        """True where `heard` adds something; notes which message or which turn's end it is."""
        if heard.kind == "sentence":
            return json.loads(heard.data).get("turn_id") not in self.turns
        seen, key = {"message": (self.messages, "id"), "done": (self.turns, "turn_id")}.get(heard.kind, (None, ""))
        if seen is None:
            return True
        id_ = str(json.loads(heard.data).get(key))
        new = id_ not in seen
        seen.add(id_)
        return new


def order(event_id: str) -> tuple[int, int]:
    """A Redis stream id as something that can be compared."""
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds), int(number or 0)


def read_event_id(given: str | None) -> str | None:
    """The Last-Event-ID, or None where it is none of ours."""
    return given if given and EVENT_ID.fullmatch(given) else None


def after(rows: Sequence[Row], last_id: str) -> list[Heard] | None:
    """What came after `last_id`; None where the stream no longer reaches back to it."""
    if not rows or order(rows[0][0]) > order(last_id):
        return None
    return [_heard(row) for row in rows if order(row[0]) > order(last_id)]


def still_open(rows: Sequence[Row]) -> list[Heard]:
    """The news of the turn that is still open, without what it has taken back, and with its newest state only."""
    end = max((n for n, (_, row) in enumerate(rows) if row["kind"] == "done"), default=-1)
    heard = [_heard(row) for row in rows[end + 1 :]]
    states = [n for n, item in enumerate(heard) if item.kind == "state"]
    rewritten = max((n for n in states if json.loads(heard[n].data).get("state") == "writing"), default=0)
    dropped = {*states[:-1], *(n for n in range(rewritten) if heard[n].kind == "sentence")}
    return [item for n, item in enumerate(heard) if n not in dropped]


def note_told(known: Known, rows: Sequence[Row]) -> None:
    """Note what stands in the stream up to the place where the listener stopped."""
    for row in rows:
        if known.last_id and order(row[0]) <= order(known.last_id):
            known.note(_heard(row))


def _heard(row: Row) -> Heard:
    return Heard(row[1]["kind"], row[1]["data"], row[0])


# ---- in the database ----


@dataclass(frozen=True)
class Look:
    """What the database says about a thread at one moment."""

    status: str
    turn_open: bool
    heard: tuple[Heard, ...]  # messages and ends of turns that the listener does not have


def first_look(thread_id: UUID, known: Known, since: str | None) -> Look:
    """Set `known.position` for a listener that has just come, with the id `since` or with none; then look."""
    with transaction() as session:
        known.position = _position(session, thread_id, since)
        return _look(session, thread_id, known)


def look(thread_id: UUID, known: Known) -> Look:
    """What the listener does not have yet."""
    with transaction() as session:
        return _look(session, thread_id, known)


def _position(session: Session, thread_id: UUID, since: str | None) -> int:
    """The newest message that needs not be told: all before `since`, or all but fresh answers to the last words."""
    if since is None:
        known = or_(Message.role == "visitor", Message.created_at < func.now() - FRESH)
    else:
        known = Message.created_at < datetime.fromtimestamp(min(order(since)[0] / 1000, 4e9), UTC) - CLOCKS
    return session.scalar(select(func.max(Message.position)).where(Message.thread_id == thread_id, known)) or 0


def _look(session: Session, thread_id: UUID, known: Known) -> Look:
    status = session.scalar(select(Thread.status).where(Thread.id == thread_id)) or "closed"
    newer = (Message.thread_id == thread_id, Message.position > known.position)
    messages = session.scalars(select(Message).where(*newer).order_by(Message.position)).all()
    turn = session.scalar(select(Turn).where(Turn.thread_id == thread_id).order_by(Turn.created_at.desc()).limit(1))
    heard = [event("message", **as_json(message)) for message in messages]
    if messages:
        known.position = messages[-1].position
    if turn is not None and turn.ended_at is not None and datetime.now(UTC) - turn.ended_at < FRESH + CLOCKS:
        heard.append(event("done", turn_id=str(turn.id), outcome=turn.outcome))
    return Look(status, turn is not None and turn.ended_at is None, tuple(item for item in heard if known.is_new(item)))


def event(kind: str, **data: Any) -> Heard:
    """An event of our own making: it has no id."""
    return Heard(kind, json.dumps(data))
