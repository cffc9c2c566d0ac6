"""What each of those who act at once does to the conversation: visitor, two of the staff, workers, an eraser."""

import random
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import bus
from core.db import transaction
from core.errors import Conflict, NotFound, RoleMissing
from core.models import Handoff, Thread, Turn, Visitor
from ops.race.moody import INTERNAL
from orchestrator import desk, inbox, review
from orchestrator.people import Person
from orchestrator.turn import take_turn
from orchestrator.world import World

LONGEST_PAUSE_S = 0.012
MESSAGES, STEPS = 3, 5
BELL_S = 0.05  # for which a worker waits for a bell


@dataclass
class Table:
    """One conversation, and what was done to it."""

    site_id: str
    thread_id: UUID
    visitor_id: UUID
    seed: int
    reviewed: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # by the visitor, in order
    replied: dict[str, list[str]] = field(default_factory=dict)  # by each of the staff, in order, what went out
    over: bool = False  # visitor and staff have done what they would

    def attempt(self, what: str, act: Callable[[Session], object]) -> bool:
        """Do it in a transaction of its own; False where it was refused, as it may be."""
        try:
            with transaction() as session:
                act(session)
        except (Conflict, NotFound, RoleMissing):
            self.counts[f"{what}, refused"] += 1
            return False
        except Exception as error:  # noqa: BLE001 - whatever else is a fault, and is told
            self.faults.append(f"{what}: {error!r} {_where(error)}"[:600])
            return False
        self.counts[what] += 1
        return True

    def thread(self, session: Session) -> Thread:
        """Its row. Raises NotFound where it has been erased."""
        found = session.get(Thread, self.thread_id)
        if found is None:
            raise NotFound
        return found


def be_visitor(table: Table) -> None:
    """Write, some of it twice, and want a person now and then."""
    chance = random.Random(table.seed)  # noqa: S311 - chance, not secrecy
    for n in range(MESSAGES):
        words, id_ = f"Question {n}, please.", f"v{n}"
        sent = False
        for _ in range(chance.choice((1, 1, 2))):  # the second time it is the same message
            sent |= table.attempt(
                "visitor writes",
                lambda s, w=words, i=id_: inbox.accept(s, table.thread(s), w, i),  # type: ignore[misc]
            )
        if sent:
            table.said.append(words)
        if chance.random() < (0.05 if table.reviewed else 0.3):
            table.attempt("visitor wants a person", lambda s: inbox.call_person(s, table.thread(s), INTERNAL))
        time.sleep(chance.random() * LONGEST_PAUSE_S)


def be_staff(table: Table, person: Person, *, first: str = "") -> None:
    """Do this and that, `first` first; all is tried whoever has the conversation."""
    chance, who = random.Random(f"{table.seed}{person.name}"), person.name  # noqa: S311
    out = table.replied.setdefault(who, [])
    weights = {"claim": 5, "reply": 5, "note": 2, "return": 4, "resolve": 1, "take": 3, "take over": 1}
    if table.reviewed:  # a draft is held only while the bot has the conversation
        weights = {"draft": 24, "take": 1, "claim": 1, "return": 2, "note": 1}
    for n in range(STEPS * (1 + 2 * table.reviewed)):  # drafts come late
        act = first if first and n == 0 else chance.choices([*weights], [*weights.values()])[0]
        if act == "reply":
            words = f"{who} says {n}."
            for _ in range(chance.choice((1, 2))):  # a click that comes twice
                if table.attempt(act, lambda s, w=words: reply(s, table, person, w)) and words not in out:  # type: ignore[misc]
                    out.append(words)
        else:
            done = table.attempt(act, lambda s, a=act: ACTS[a](s, table, person))  # type: ignore[misc]
            table.counts["first claims won"] += done and n == 0 and first == "claim"
        time.sleep(chance.random() * LONGEST_PAUSE_S)


def be_worker(table: Table, world: World) -> None:
    """Carry turns on until all is over and nothing is pending."""
    while True:
        over = table.over
        try:
            take_turn(table.thread_id, world)
        except Exception as error:  # noqa: BLE001 - likewise
            table.faults.append(f"worker: {error!r} {_where(error)}"[:600])
        if over and not pending(table.thread_id):
            return
        bus.client().blpop(["chat"], timeout=BELL_S)  # whatever bell rings, there is but one conversation


def erase(table: Table) -> None:
    """The visitor has everything deleted, whoever is at it."""
    chance = random.Random(table.seed)  # noqa: S311
    time.sleep(chance.random() * LONGEST_PAUSE_S * MESSAGES)
    table.attempt("erase", lambda s: s.delete(s.get_one(Visitor, table.visitor_id)))


def _where(error: Exception) -> str:
    """The innermost lines that are no library's."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-5:]))


def reply(session: Session, table: Table, person: Person, words: str) -> None:
    """The same words are the same reply."""
    desk.reply(session, standing(session, table), person, words, once=words)


def settle_draft(session: Session, table: Table, person: Person) -> None:
    """Approve the draft that waits, in other words or as it is, or refuse it."""
    held = next((each for each in review.drafts(session, table.site_id) if each.thread_id == table.thread_id), None)
    if held is None:
        raise NotFound
    if (choice := held.n % 3) < 2:  # noqa: PLR2004
        review.approve(session, held.name, person, "Gladly." if choice else None)
    else:
        review.refuse(session, held.name, person, INTERNAL)


def standing(session: Session, table: Table) -> UUID:
    """The newest handoff, closed or not. Raises NotFound."""
    query = select(Handoff.id).where(Handoff.thread_id == table.thread_id).order_by(Handoff.number.desc())
    found = session.scalar(query.limit(1))
    if found is None:
        raise NotFound
    return found


def pending(thread_id: UUID) -> bool:
    """True while a turn of the thread waits for a worker."""
    with transaction() as session:
        query = select(Turn.id).where(Turn.thread_id == thread_id, Turn.ended_at.is_(None), Turn.pending.is_not(None))
        return session.scalar(query) is not None


ACTS: dict[str, Callable[[Session, Table, Person], object]] = {
    "claim": lambda s, t, p: desk.claim(s, standing(s, t), p),
    "note": lambda s, t, p: desk.note(s, t.thread_id, p, f"{INTERNAL} of {p.name}"),
    "return": lambda s, t, p: desk.give_back(s, standing(s, t), p),
    "resolve": lambda s, t, p: desk.resolve(s, standing(s, t), p),
    "take": lambda s, t, p: desk.take(s, t.thread_id, p),
    "take over": lambda s, t, p: desk.take_over(s, standing(s, t), p),
    "draft": settle_draft,
}
