"""A thread's short-term memory: the last messages in full, and a bounded summary of what came before."""

from dataclasses import dataclass
from itertools import takewhile
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from brain.client import Said
from core.models import Message
from core.settings import Settings

SUMMARY_LINES = 8
SUMMARY_CHARS = 120
EXCERPT_MESSAGES = 6
EXCERPT_CHARS = 1_500
SPEAKERS = ("visitor", "agent", "staff")


@dataclass(frozen=True)
class Memory:
    """What a brain may remember of a thread."""

    said: tuple[Said, ...]  # oldest first
    summary: str  # of what came before
    unanswered: tuple[str, ...]  # what the visitor said since somebody last answered


def recall(session: Session, thread_id: UUID, settings: Settings) -> Memory:
    """The last `memory_messages` messages within `memory_chars`, and a summary of those before."""
    rows = _latest(session, thread_id, settings.memory_messages + SUMMARY_LINES * 2)
    kept, room = 0, settings.memory_chars
    for message in rows[: settings.memory_messages]:
        room -= len(message.content)
        if room < 0 and kept:
            break
        kept += 1
    said = tuple(Said(message.role, message.content) for message in reversed(rows[:kept]))  # type: ignore[arg-type]
    return Memory(said, _summary(rows[kept:]), _since_answer(rows))


def unanswered(session: Session, thread_id: UUID) -> tuple[str, ...]:
    """What the visitor said since somebody last answered, oldest first."""
    return _since_answer(_latest(session, thread_id, EXCERPT_MESSAGES * 2))


def _since_answer(rows: list[Message]) -> tuple[str, ...]:
    newest = takewhile(lambda message: message.role == "visitor", rows)
    return tuple(message.content for message in newest)[::-1]


def excerpt(session: Session, thread_id: UUID) -> str:
    """The end of the conversation, as staff read it in a ticket or a handoff."""
    rows = _latest(session, thread_id, EXCERPT_MESSAGES)
    return "\n".join(f"{row.role}: {row.content}" for row in reversed(rows))[-EXCERPT_CHARS:]


def _latest(session: Session, thread_id: UUID, count: int) -> list[Message]:
    query = select(Message).where(Message.thread_id == thread_id, Message.role.in_(SPEAKERS))
    return list(session.scalars(query.order_by(Message.position.desc()).limit(count)))


def _summary(older: list[Message]) -> str:
    asked = [row.content.replace("\n", " ")[:SUMMARY_CHARS] for row in older if row.role == "visitor"][:SUMMARY_LINES]
    return "Earlier the visitor asked: " + " / ".join(reversed(asked)) if asked else ""
