"""What visitors send and nobody here needs: taken out before it is stored, also where it comes in parts."""

from collections.abc import Sequence
from itertools import accumulate
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core import bus
from core.privacy.cleaning import Cleaned, clean, clean_next, may_go_on
from core.privacy.tokens import tokens_in
from orchestrator import slack_copies, tokens

BEFORE = text("""
    SELECT id, content FROM messages WHERE thread_id = :thread_id AND role = 'visitor'
    ORDER BY position DESC LIMIT 20
""")
ALWAYS, SHORT = 4, 400  # messages that are looked at; and characters, for numbers that come digit by digit
# Staff may have been given the words of the message already.
FORGET = tuple(
    text(statement)
    for statement in (
        "UPDATE messages SET content = :kept WHERE id = :id",
        """UPDATE tickets SET subject = left(replace(subject, :was, :kept), 200), body = replace(body, :was, :kept)
           WHERE thread_id = :thread_id""",
        "UPDATE handoffs SET excerpt = replace(excerpt, :was, :kept) WHERE thread_id = :thread_id",
    )
)


def without_secrets(session: Session, thread_id: UUID, words: str) -> Cleaned:
    """`words` without cards, accounts, identity numbers and secrets. What began in a message before goes there, too.

    The caller holds the thread's lock.
    """
    if not may_go_on(words):
        return clean(words)
    rows = _near(session.execute(BEFORE, {"thread_id": thread_id}).all())
    # The first half of a card may have been taken for a telephone number.
    said = tokens.opened_all(session, [(thread_id, row.content) for row in rows])
    before, cleaned = clean_next(said, words)
    for row, was, kept in zip(rows, said, before, strict=True):
        if kept != was:
            kept = tokens.hidden(session, thread_id, kept)  # noqa: PLW2901
            tokens.forget(session, thread_id, set(tokens_in(row.content)) - set(tokens_in(kept)))
            _forget(session, thread_id, row, kept)
    return cleaned


def _near(rows: Sequence[Row[tuple[UUID, str]]]) -> list[Row[tuple[UUID, str]]]:
    """The latest few of `rows` (newest first), and as many more as are short: oldest first."""
    lengths = accumulate(len(row.content) for row in rows)
    return [row for n, (row, length) in enumerate(zip(rows, lengths, strict=True)) if n < ALWAYS or length <= SHORT][
        ::-1
    ]


def _forget(session: Session, thread_id: UUID, row: Row[tuple[UUID, str]], kept: str) -> None:
    changed = {"thread_id": thread_id, "id": row.id, "was": row.content, "kept": kept}
    for statement in FORGET:
        session.execute(statement, changed)
    bus.forget_message(thread_id, row.id)
    slack_copies.show_anew(session, thread_id, row.id)
