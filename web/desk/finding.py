"""Searching conversations by words and filters, within the sites that somebody may read."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, literal_column, or_, select, text, true
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.orm import Session

from core.models import Message, Thread, Token, Visitor
from core.models.talk import MESSAGE_WORDS, MESSAGES_A_BLOCK
from core.sealing import words
from orchestrator import tokens

SHOWN = 50
HITS = 2_000  # messages that have the words, of which conversations are made
NAMED = 4  # blocks that the index is asked for by name
WORDS_MAX = 200
LAST_POSITION = text("SELECT pg_sequence_last_value('messages_position_seq')")
CONFIG = "simple"  # no stems: what staff search for are names, numbers and a visitor's own words in any language


Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Wanted:
    """What is searched for; what is empty does not matter. Days are those of UTC, both included."""

    words: str = ""
    site: str = ""
    status: str = ""
    channel: str = ""
    language: str = ""
    email: str = ""
    owner: str = ""  # the key of whoever has it
    put_away: tuple[frozenset[str], ...] = ()  # hashes of an address or number, each in its possible readings
    since: date | None = None
    until: date | None = None


def find(session: Session, sites: Sequence[str], wanted: Wanted) -> Sequence[Any]:
    """The newest conversations that fit, with the newest message that has the words, or the visitor's first one."""
    if not sites:
        return ()
    if not wanted.words:
        return session.execute(_newest(sites, wanted)).all()
    found: dict[UUID, Any] = {row.id: row for row in _who_wrote(session, sites, wanted)}
    for blocks in _blocks(session):
        if len(found) < SHOWN:
            for row in session.execute(_with_words(sites, wanted, blocks)):
                found.setdefault(row.id, row)
    return list(found.values())[:SHOWN]


def _who_wrote(session: Session, sites: Sequence[str], wanted: Wanted) -> Iterator[Any]:
    """Conversations in which each address and number among the words was put away, and where the other words stand."""
    put_away, rest = tokens.sought(wanted.words[:WORDS_MAX])
    if not put_away:
        return
    there = replace(wanted, words=rest, put_away=put_away)
    if not rest:
        yield from session.execute(_newest(sites, there))
        return
    for blocks in _blocks(session):
        yield from session.execute(_with_words(sites, there, blocks))


def _blocks(session: Session) -> Iterator[range]:
    """Where messages lie: the newest, which are all that a usual word needs; then all others."""
    last = (session.scalar(LAST_POSITION) or 0) // MESSAGES_A_BLOCK
    yield range(max(last - NAMED + 1, 0), last + 1)
    if last >= NAMED:
        yield range(last - NAMED + 1)


def _with_words(sites: Sequence[str], wanted: Wanted, blocks: range) -> Rows:
    """By the index over words. It knows nothing of sites, so they are looked at for each hit."""
    given = wanted.words[:WORDS_MAX]
    asked: ColumnElement[Any] = func.plainto_tsquery(CONFIG, given)
    for hashed in words.asked(given):  # what is sealed is found by the hashes of its words, under each key
        asked = asked.op("||")(func.plainto_tsquery(CONFIG, hashed))
    if len(blocks) <= NAMED:
        asked = asked.op("&&")(cast(" | ".join(f"'@{block}'" for block in blocks), TSQUERY))
    hits = select(Message.thread_id, Message.position).join(Thread, Thread.id == Message.thread_id)
    said = literal_column(MESSAGE_WORDS).op("@@", is_comparison=True)(asked)
    lie = Message.position.between(blocks.start * MESSAGES_A_BLOCK, blocks.stop * MESSAGES_A_BLOCK - 1)
    hits = (
        hits.where(said, lie, Thread.site_id.in_(sites), *_filters(wanted))
        .order_by(Message.position.desc())
        .limit(HITS)
    )
    newest = hits.subquery()
    one = select(newest.c.thread_id, func.max(newest.c.position).label("position")).group_by(newest.c.thread_id)
    best = one.order_by(func.max(newest.c.position).desc()).limit(SHOWN).subquery()
    shown = and_(Message.thread_id == best.c.thread_id, Message.position == best.c.position)
    rows = _columns().join(best, best.c.thread_id == Thread.id).join(Message, shown)
    return rows.order_by(best.c.position.desc())


def _newest(sites: Sequence[str], wanted: Wanted) -> Rows:
    """By each site's newest, so that many sites cost no more than one."""
    site = func.unnest(cast(list(sites), ARRAY(Text))).table_valued("id", name="site").render_derived()
    ids = select(Thread.id, Thread.created_at).where(Thread.site_id == site.c.id, *_filters(wanted))
    some = ids.order_by(Thread.created_at.desc()).limit(SHOWN).lateral()
    all_ = select(some.c.id, some.c.created_at).select_from(site.join(some, true()))
    best = all_.order_by(some.c.created_at.desc()).limit(SHOWN).subquery()
    first = select(Message).where(Message.thread_id == best.c.id, Message.role == "visitor")
    said = first.order_by(Message.position).limit(1).lateral()
    columns = (said.c.role, said.c.content, said.c.created_at.label("said_at"))
    rows = _of_thread().add_columns(*columns).join(best, best.c.id == Thread.id).outerjoin(said, true())
    return rows.order_by(best.c.created_at.desc())


def _of_thread() -> Rows:
    rows = select(
        *(Thread.id, Thread.site_id, Thread.status, Thread.language, Thread.channel, Thread.created_at),
        *(Visitor.verified_email, Visitor.contact_email),
    )
    return rows.join(Visitor, Visitor.id == Thread.visitor_id)


def _columns() -> Rows:
    said = (Message.role, Message.content, Message.created_at.label("said_at"))
    return _of_thread().add_columns(*said)


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    columns = ("status", "channel", "language", "owner")
    filters = [~Thread.trial]
    filters += [getattr(Thread, name) == getattr(wanted, name) for name in columns if getattr(wanted, name)]
    if wanted.email:
        has = or_(Visitor.verified_email == wanted.email, Visitor.contact_email == wanted.email)
        theirs = select(Thread.id).where(Thread.visitor_id.in_(select(Visitor.id).where(has)))
        filters.append(Thread.id.in_(theirs.union(_holding({tokens.digest("email", wanted.email)}))))
    filters += [Thread.id.in_(_holding(hashes)) for hashes in wanted.put_away]
    if wanted.since:
        filters.append(Thread.created_at >= _midnight(wanted.since))
    if wanted.until:
        filters.append(Thread.created_at < _midnight(wanted.until) + timedelta(days=1))
    return filters


def _holding(hashes: Collection[str]) -> Select[UUID]:
    return select(Token.thread_id).where(Token.value_hash.in_(hashes))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
