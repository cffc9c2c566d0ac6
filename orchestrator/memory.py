"""A thread's short-term memory: the last messages in full, and a bounded summary of what came before."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from brain.client import Said
from core.direct import Statement
from core.sealing import places
from core.settings import Settings

SUMMARY_LINES = 8
SUMMARY_CHARS = 120
EXCERPT_MESSAGES = 6
EXCERPT_CHARS = 1_500

LATEST = Statement("""
    SELECT id, turn_id, role, content, position FROM messages
    WHERE thread_id = :thread_id AND role IN ('visitor', 'agent', 'staff') AND position <= :upto
    ORDER BY position DESC LIMIT :count
""")
NEWEST = 2**62


class Line(NamedTuple):
    """One message as it is remembered."""

    id: UUID
    turn_id: UUID | None
    role: Literal["visitor", "agent", "staff"]
    content: str
    position: int


@dataclass(frozen=True)
class Memory:
    """What a brain may remember of a thread. With `upto` and `span` the same memory can be recalled later."""

    said: tuple[Said, ...]  # oldest first
    summary: str  # of what came before
    upto: int  # position of the newest message
    span: tuple[int, int]  # messages looked at, and how many of them are in `said`
    heard: dict[UUID | None, dict[str, str]]  # by turn: what the visitor said, by message id


def recall(session: Session, thread_id: UUID, settings: Settings) -> Memory:
    """The last `memory_messages` messages within `memory_chars`, and a summary of those before."""
    rows = _latest(session, thread_id, settings.memory_messages + SUMMARY_LINES * 2)
    kept, room = 0, settings.memory_chars
    for message in rows[: settings.memory_messages]:
        room -= len(message.content)
        if room < 0 and kept:
            break
        kept += 1
    return _memory(rows, kept)


def recall_again(session: Session, thread_id: UUID, upto: int, span: tuple[int, int]) -> Memory:
    """The memory as it was when `upto` was the newest message."""
    return _memory(_latest(session, thread_id, span[0], upto), span[1])


def unanswered(session: Session, thread_id: UUID) -> tuple[str, ...]:
    """What the visitor said since somebody last answered, oldest first."""
    return tuple(words for _, words in unanswered_messages(session, thread_id))


def unanswered_messages(session: Session, thread_id: UUID) -> tuple[tuple[UUID, str], ...]:
    """The same, each with the message's id."""
    rows = _latest(session, thread_id, EXCERPT_MESSAGES * 2)
    newest = takewhile(lambda message: message.role == "visitor", rows)
    return tuple((message.id, message.content) for message in newest)[::-1]


def excerpt(session: Session, thread_id: UUID) -> str:
    """The end of the conversation, as staff read it in a ticket or a handoff."""
    rows = _latest(session, thread_id, EXCERPT_MESSAGES)
    return "\n".join(f"{row.role}: {row.content}" for row in reversed(rows))[-EXCERPT_CHARS:]


def _memory(rows: Sequence[Line], kept: int) -> Memory:
    said = tuple(Said(row.role, row.content) for row in reversed(rows[:kept]))
    heard: dict[UUID | None, dict[str, str]] = {}
    for row in rows:
        if row.role == "visitor":
            heard.setdefault(row.turn_id, {})[str(row.id)] = row.content
    return Memory(said, _summary(rows[kept:]), rows[0].position if rows else 0, (len(rows), kept), heard)


def _latest(session: Session, thread_id: UUID, count: int, upto: int = NEWEST) -> Sequence[Line]:
    rows = LATEST.rows(session, thread_id=thread_id, upto=upto, count=count)
    return [Line(*row)._replace(content=places.MESSAGE.open(thread_id, row.content)) for row in rows]


def _summary(older: Sequence[Line]) -> str:
    asked = [row.content.replace("\n", " ")[:SUMMARY_CHARS] for row in older if row.role == "visitor"][:SUMMARY_LINES]
    return "Earlier the visitor asked: " + " / ".join(reversed(asked)) if asked else ""
