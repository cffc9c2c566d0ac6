"""What visitors send and nobody here needs: taken out before it is stored, also where it comes in parts."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import bus
from core.direct import Statement
from core.models import Handoff, Ticket
from core.privacy.cleaning import Cleaned, clean, clean_next, may_go_on
from core.privacy.tokens import tokens_in
from core.sealing import places
from core.sealing import words as words_of
from orchestrator import slack_copies, tokens
from tools.tickets import SUBJECT_MAX

BEFORE = Statement("""
    SELECT id, content FROM messages WHERE thread_id = :thread_id AND role = 'visitor'
    ORDER BY position DESC LIMIT 20
""")
ALWAYS, SHORT = 4, 400  # messages that are looked at; and characters, for numbers that come digit by digit
FORGET = Statement("UPDATE messages SET content = :content, words = :words WHERE id = :id")


class Said(NamedTuple):
    """A message of the visitor."""

    id: UUID
    content: str


def without_secrets(session: Session, thread_id: UUID, words: str) -> Cleaned:
    """`words` without cards, accounts, identity numbers and secrets. What began in a message before goes there, too.

    The caller holds the thread's lock.
    """
    if not may_go_on(words):
        return clean(words)
    rows = _near([_opened(thread_id, *row) for row in BEFORE.rows(session, thread_id=thread_id)])
    # The first half of a card may have been taken for a telephone number.
    drawer = tokens.drawer(session, thread_id) if any(tokens_in(row.content) for row in rows) else tokens.Drawer()
    said = [drawer.opened(row.content) for row in rows]
    before, cleaned = clean_next(said, words)
    for row, was, kept in zip(rows, said, before, strict=True):
        if kept != was:
            stood = tokens_in(row.content)
            kept = drawer.shut(kept, stood)  # noqa: PLW2901
            tokens.forget(session, thread_id, set(stood) - set(tokens_in(kept)))
            _forget(session, thread_id, row, kept)
    return cleaned


def _opened(thread_id: UUID, id_: UUID, content: str) -> Said:
    return Said(id_, places.MESSAGE.open(thread_id, content))


def _near(rows: Sequence[Said]) -> list[Said]:
    """The latest few of `rows` (newest first), and as many more as are short: oldest first."""
    lengths = accumulate(len(row.content) for row in rows)
    return [row for n, (row, length) in enumerate(zip(rows, lengths, strict=True)) if n < ALWAYS or length <= SHORT][
        ::-1
    ]


def _forget(session: Session, thread_id: UUID, row: Said, kept: str) -> None:
    changed = {"id": row.id, "content": places.MESSAGE.seal(thread_id, kept), "words": words_of.hidden(kept)}
    FORGET.run(session, **changed)
    _forget_copies(session, thread_id, row.content, kept)
    bus.forget_message(thread_id, row.id)
    slack_copies.show_anew(session, thread_id, row.id)


def _forget_copies(session: Session, thread_id: UUID, was: str, kept: str) -> None:
    """Staff may have been given the words of the message already."""
    for ticket in session.scalars(select(Ticket).where(Ticket.thread_id == thread_id)):
        ticket.subject = ticket.subject.replace(was, kept)[:SUBJECT_MAX]
        ticket.body = ticket.body.replace(was, kept)
    for handoff in session.scalars(select(Handoff).where(Handoff.thread_id == thread_id)):
        handoff.excerpt = handoff.excerpt.replace(was, kept)
    session.flush()
