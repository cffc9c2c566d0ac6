"""What the database says about threads that somebody listens to: found there where Redis lost it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from core.db import reading
from core.models import Message
from orchestrator.messages import as_json
from web.hub import Glance, Heard
from web.news import Known, event, order

FRESH = timedelta(seconds=5)  # a turn that ended so shortly ago may have ended before its visitor listened
CLOCKS = timedelta(seconds=2)  # by how much Redis' clock and the database's may differ

GLANCES = text("""
    SELECT threads.id AS thread_id, threads.status, coalesce(newest.position, 0) AS position, turn.id AS turn_id,
           coalesce(turn.outcome, ''),
           extract(epoch FROM clock_timestamp() - turn.ended_at)::float
    FROM threads
    LEFT JOIN LATERAL (
        SELECT position FROM messages WHERE thread_id = threads.id ORDER BY position DESC LIMIT 1
    ) AS newest ON true
    LEFT JOIN LATERAL (
        SELECT id, outcome, ended_at FROM turns WHERE thread_id = threads.id ORDER BY created_at DESC LIMIT 1
    ) AS turn ON true
    WHERE threads.id = ANY(:ids)
""")
NO_THREAD = Glance("closed", 0, None, "", None)  # it has been deleted
SAID = (
    Message.id,
    Message.role,
    Message.content,
    Message.author,
    Message.citations,
    Message.created_at,
    Message.position,
)


@dataclass(frozen=True)
class Look:
    """What a listener does not have yet, and who has the thread at that moment."""

    glance: Glance
    heard: tuple[Heard, ...]  # messages and ends of turns


def glances(thread_ids: Sequence[UUID]) -> dict[UUID, Glance]:
    """How each of these threads stands, in one question."""
    with reading() as session:
        return _glances(session, thread_ids)


def first_look(thread_id: UUID, known: Known, since: str | None) -> Look:
    """Set `known.position` for a listener that has just come, with the id `since` or with none; then look."""
    with reading() as session:
        known.position = _position(session, thread_id, since)
        return _look(session, thread_id, known)


def look(thread_id: UUID, known: Known) -> Look:
    """What the listener does not have yet."""
    with reading() as session:
        return _look(session, thread_id, known)


def adds_to(glance: Glance, known: Known) -> bool:
    """True where the database may hold something that the listener has not been told."""
    return glance.position > known.position or (_just_ended(glance) and str(glance.turn_id) not in known.turns)


def _just_ended(glance: Glance) -> bool:
    return glance.ended_s is not None and glance.ended_s < (FRESH + CLOCKS).total_seconds()


def _glances(session: Session, thread_ids: Sequence[UUID]) -> dict[UUID, Glance]:
    rows = session.execute(GLANCES, {"ids": list(thread_ids)})
    return {thread_id: Glance(*rest) for thread_id, *rest in rows}


def _position(session: Session, thread_id: UUID, since: str | None) -> int:
    """The newest message that needs not be told: all before `since`, or all but fresh answers to the last words."""
    known: Any
    if since is None:
        known = or_(Message.role == "visitor", Message.created_at < func.now() - FRESH)
    else:
        known = Message.created_at < datetime.fromtimestamp(min(order(since)[0] / 1000, 4e9), UTC) - CLOCKS
    return session.scalar(select(func.max(Message.position)).where(Message.thread_id == thread_id, known)) or 0


def _look(session: Session, thread_id: UUID, known: Known) -> Look:
    glance = _glances(session, [thread_id]).get(thread_id, NO_THREAD)
    heard: list[Heard] = []
    if glance.position > known.position:
        newer = select(*SAID).where(Message.thread_id == thread_id, Message.position > known.position)
        for row in session.execute(newer.order_by(Message.position)):
            heard.append(event("message", **as_json(cast("Message", row))))
            known.position = row.position
    if _just_ended(glance):
        heard.append(event("done", turn_id=str(glance.turn_id), outcome=glance.outcome))
    return Look(glance, tuple(item for item in heard if known.is_new(item)))
