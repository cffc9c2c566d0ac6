"""What came of a round, judged by its rows and by what a listener was shown: each broken promise is a line."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import bus
from core.models import Handoff, Message, Outgoing, Thread, Turn
from ops.race.acts import Table
from ops.race.moody import INTERNAL
from orchestrator.replay import replay
from web.hub import Heard
from web.news import Known

JOINED = " has joined the conversation."
LEFT = ("The assistant answers again.", "This conversation was marked as resolved.")


def judge(session: Session, table: Table) -> list[str]:
    """Every broken promise of this round."""
    rows = session.scalars(select(Message).where(Message.thread_id == table.thread_id).order_by(Message.position)).all()
    news = heard(table.thread_id)
    found = [
        *table.faults,
        *bot_words_of_a_persons(rows),
        *out_of_order(table, rows),
        *sent_twice(session, table, rows, news),
    ]
    found += [*internal_words(rows, news), *silences(session, table, rows), *otherwise_replayed(session, table)]
    return [*found, *bot_sentences_of_a_persons(news)]


def bot_words_of_a_persons(rows: Sequence[Message]) -> Iterator[str]:
    """While a person has the conversation no word of the bot stands in it."""
    owned = False
    for row in rows:
        if row.role == "system" and row.content.endswith(JOINED):
            owned = True
        elif row.role == "system" and row.content.startswith(LEFT):
            owned = False
        elif row.role == "agent" and owned:
            yield f"the bot spoke while a person had it: {row.content!r}"
        elif row.role == "staff" and not owned:
            yield f"staff spoke without having it: {row.content!r}"


def bot_sentences_of_a_persons(news: Sequence[Heard]) -> Iterator[str]:
    """Nor is a sentence of the bot shown to a listener from the moment that it was told of the person."""
    owned, known = False, Known()
    for item in filter(known.is_new, news):
        said = json.loads(item.data)
        if item.kind == "message" and said["role"] == "system":
            owned = said["content"].endswith(JOINED) or (owned and not said["content"].startswith(LEFT))
        elif item.kind == "sentence" and owned:
            yield f"a listener was shown a sentence of the bot after a claim: {said['text']!r}"


def out_of_order(table: Table, rows: Sequence[Message]) -> Iterator[str]:
    """Everybody's words stand in the order in which they said them, and an answer after what it answers."""
    said = {"visitor": table.said, **table.replied}
    for who, words in said.items():
        stands = [row.content for row in rows if who in {row.role, row.author}]
        if rows and stands != words:
            yield f"{who} said {words}, and there stands {stands}"
    answered: set[UUID] = set()
    for row in rows:
        if row.role == "visitor" and row.turn_id in answered:
            yield f"an answer stands before what it answers: {row.content!r}"
        if row.role == "agent" and row.turn_id:
            answered.add(row.turn_id)


def sent_twice(session: Session, table: Table, rows: Sequence[Message], news: Sequence[Heard]) -> Iterator[str]:
    """One reply a turn, one row in the outbox and one piece of news for each message."""
    replies = Counter(row.turn_id for row in rows if row.role == "agent")
    yield from (f"turn {turn} spoke {times} times" for turn, times in replies.items() if times > 1)
    shown = Counter(json.loads(item.data)["id"] for item in news if item.kind == "message")
    yield from (f"message {id_} was told {times} times" for id_, times in shown.items() if times > 1)
    if rows and set(shown) != {str(row.id) for row in rows}:
        yield "listeners were told of other messages than there are"
    kept = select(Outgoing.body["message"].astext).where(Outgoing.thread_id == table.thread_id)
    leaves = Counter(session.scalars(kept.where(Outgoing.kind == "message")))
    yield from (f"message {id_} leaves {times} times" for id_, times in leaves.items() if times > 1)
    yield from (f"Slack misses {row.content!r}" for row in rows if row.role == "staff" and str(row.id) not in leaves)


def internal_words(rows: Sequence[Message], news: Sequence[Heard]) -> Iterator[str]:
    """What only staff may read stands in no message, and in nothing that a listener is told."""
    yield from (f"internal in a message: {row.content!r}" for row in rows if INTERNAL in row.content)
    yield from (f"internal in {item.kind}: {item.data}" for item in news if INTERNAL in item.data)


def silences(session: Session, table: Table, rows: Sequence[Message]) -> Iterator[str]:
    """Whoever wrote has an answer, or waits where people see it."""
    if not rows:
        return
    open_turns = select(Turn.id).where(Turn.thread_id == table.thread_id, Turn.ended_at.is_(None))
    held = session.scalar(open_turns) is not None
    waits = select(Handoff.id).where(Handoff.thread_id == table.thread_id, Handoff.closed_at.is_(None))
    awaited = session.scalar(waits) is not None
    if rows[-1].role == "visitor" and not held and not awaited:
        yield f"nobody answers {rows[-1].content!r}"
    status = session.scalar(select(Thread.status).where(Thread.id == table.thread_id))
    if status != "bot" and not awaited:
        yield f"the conversation is {status!r}, and no handoff is open"


def otherwise_replayed(session: Session, table: Table) -> Iterator[str]:
    """Every turn replays to the byte."""
    turns = select(Turn.id).where(Turn.thread_id == table.thread_id, Turn.ended_at.is_not(None))
    for turn_id in session.scalars(turns):
        if difference := replay(session, turn_id):
            yield str(difference)


def heard(thread_id: UUID) -> list[Heard]:
    """What was told of the thread, in the order in which it was."""
    entries: Any = bus.client().xrange(bus.stream_key(thread_id))
    return [Heard(row["kind"], bus.unpacked(thread_id, row["data"]), id_) for id_, row in entries]


def overtaking(session: Session, table: Table) -> int:
    """Messages that were told before one that stands above them: between commit and telling, another may commit."""
    query = select(Message.id).where(Message.thread_id == table.thread_id).order_by(Message.position)
    places = {str(id_): place for place, id_ in enumerate(session.scalars(query))}
    told = [json.loads(item.data)["id"] for item in heard(table.thread_id) if item.kind == "message"]
    order = [places[id_] for id_ in told if id_ in places]
    return sum(one > other for one, other in pairwise(order))
