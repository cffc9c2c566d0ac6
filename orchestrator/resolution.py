"""How conversations were resolved, without taking silence for success. docs/operations.md has the definitions in words.

A conversation, here, is what one visitor asked in one thread without a pause of half an hour. Who comes back after such
a pause has begun another one; if it is about the same thing, the one before was not resolved after all.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

PAUSE = timedelta(minutes=30)  # after which a conversation is over
COMES_BACK = timedelta(hours=72)  # in which somebody who asks about the same thing again was not helped
WEEK = timedelta(days=7)
FRESH_S = 300.0  # for so long /metrics does not count the week again
TO_PEOPLE = ("handed_off", "ticketed", "failed")  # outcomes of turns that end with somebody of the staff


class Resolution(StrEnum):
    """What became of one conversation."""

    CONFIRMED = "confirmed"  # the visitor said that the last answer helped
    ASSUMED = "assumed"  # the last question was answered, and the visitor said nothing: it may have helped
    REOPENED = "reopened"  # the visitor came back about the same thing within three days
    HANDED_OFF = "handed_off"  # a person, or a ticket
    GAVE_UP = "gave_up"  # no answer, or one that did not help, and the visitor left
    OPEN = "open"  # still going on


STATES = tuple(Resolution)
TURNS = text("""
    SELECT threads.visitor_id AS visitor, turns.thread_id AS thread,
           turns.created_at AS began, coalesce(turns.ended_at, now()) AS ended,
           coalesce(turns.outcome, '') AS outcome, coalesce(feedback.thumbs, '') AS thumbs, reply.documents,
           EXISTS (SELECT FROM handoffs WHERE handoffs.thread_id = turns.thread_id
                   AND handoffs.created_at BETWEEN turns.created_at AND coalesce(turns.ended_at, now()) + :pause)
             AS person
    FROM turns JOIN threads ON threads.id = turns.thread_id AND NOT threads.trial
    LEFT JOIN LATERAL (
        SELECT messages.id, ARRAY(SELECT jsonb_array_elements(messages.citations) ->> 'doc_id') AS documents
        FROM messages WHERE messages.turn_id = turns.id AND messages.role = 'agent'
    ) AS reply ON true
    LEFT JOIN feedback ON feedback.message_id = reply.id
    WHERE turns.created_at >= :since AND turns.created_at < :until
        AND (CAST(:sites AS text[]) IS NULL OR turns.site_id = ANY(:sites))
    ORDER BY turns.thread_id, turns.created_at
""")


@dataclass(frozen=True)
class Asked:
    """One turn, as far as it matters here. `outcome` is "" while it goes on; `thumbs` is up, down or ""."""

    visitor: UUID
    thread: UUID
    began: datetime
    ended: datetime
    outcome: str
    thumbs: str = ""
    documents: frozenset[str] = frozenset()
    person: bool = False  # somebody of the staff was called, or came


@dataclass(frozen=True)
class Conversation:
    """Turns of one thread with no long pause between them, the first one first."""

    turns: tuple[Asked, ...]

    @property
    def documents(self) -> frozenset[str]:
        """What its answers cited."""
        return frozenset().union(*(turn.documents for turn in self.turns))

    @property
    def deciding(self) -> Asked:
        """The last turn but for closing words: "thanks!" is answered, too, and cites nothing."""
        turns = list(self.turns)
        while len(turns) > 1 and turns[-1].outcome == "answered" and not (turns[-1].documents or turns[-1].thumbs):
            turns.pop()
        return turns[-1]


def conversations(turns: Iterable[Asked]) -> list[Conversation]:
    """Turns, sorted by thread and time, as conversations."""
    found: list[list[Asked]] = []
    for turn in turns:
        if found and found[-1][-1].thread == turn.thread and turn.began - found[-1][-1].ended < PAUSE:
            found[-1].append(turn)
        else:
            found.append([turn])
    return [Conversation(tuple(each)) for each in found]


def judge(one: Conversation, later: Sequence[Conversation], now: datetime) -> Resolution:
    """What became of `one`; `later`: the same visitor's other conversations. The first rule that fits decides."""
    last = one.turns[-1]
    if any(turn.person or turn.outcome in TO_PEOPLE for turn in one.turns):
        return Resolution.HANDED_OFF
    if not last.outcome or now - last.ended < PAUSE:
        return Resolution.OPEN
    if any(_again(one, other) for other in later):
        return Resolution.REOPENED
    deciding = one.deciding
    if deciding.outcome != "answered" or deciding.thumbs == "down":
        return Resolution.GAVE_UP
    return Resolution.CONFIRMED if deciding.thumbs == "up" else Resolution.ASSUMED


def _again(one: Conversation, other: Conversation) -> bool:
    """Whether `other` comes after `one`, soon, and is about the same: a document of both, or in one thread none."""
    wait = other.turns[0].began - one.turns[-1].ended
    if not timedelta() < wait <= COMES_BACK:
        return False
    if one.documents or other.documents:
        return bool(one.documents & other.documents)
    return one.turns[0].thread == other.turns[0].thread


def count(turns: Sequence[Asked], until: datetime, now: datetime) -> Mapping[Resolution, int]:
    """How many conversations that began before `until` ended how; later turns only tell who came back."""
    found = sorted(conversations(turns), key=lambda each: str(each.turns[0].visitor))
    counts: Counter[Resolution] = Counter(dict.fromkeys(Resolution, 0))
    for _, group in groupby(found, key=lambda each: each.turns[0].visitor):
        theirs = list(group)
        counts.update(judge(each, theirs, now) for each in theirs if each.turns[0].began < until)
    return counts


def between(
    session: Session, since: datetime, until: datetime, sites: Sequence[str] | None = None
) -> Mapping[Resolution, int]:
    """How the conversations that began from `since` until `until` were resolved, on `sites` or on all."""
    told = {"since": since, "until": until + COMES_BACK, "sites": sites and list(sites), "pause": PAUSE}
    rows = session.execute(TURNS, told).mappings()
    turns = [Asked(**{**row, "documents": frozenset(row["documents"] or ())}) for row in rows]
    return count(turns, until, datetime.now(UTC))


class Lately:
    """The last seven days on all sites, counted again every five minutes at the most."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._lock = threading.Lock()
        self._found: Mapping[Resolution, int] = {}
        self._at = float("-inf")

    def __call__(self, session: Session) -> Mapping[Resolution, int]:
        """Conversations by what became of them."""
        with self._lock:
            if time.monotonic() - self._at > FRESH_S:
                now = datetime.now(UTC)
                self._found, self._at = between(session, now - WEEK, now), time.monotonic()
            return self._found


lately = Lately()
