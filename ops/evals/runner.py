"""Asks golden questions along the path of a visitor's message, and judges reply, sources and outcome."""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Document, Message, Thread, Turn
from ops.evals.cases import Case
from orchestrator import inbox
from orchestrator.replay import Difference, ended_turns, replay
from orchestrator.tokens import opened
from orchestrator.turn import take_turn


@dataclass(frozen=True)
class Verdict:
    """What came of one case; `faults` is empty where all is well."""

    case: Case
    reply: str
    cited: tuple[str, ...]  # file names
    outcome: str
    seconds: float  # of the last turn
    faults: tuple[str, ...]

    @property
    def source_right(self) -> bool:
        """True where one of the right documents is cited."""
        return bool(set(self.cited) & set(self.case.sources))

    @property
    def outcome_right(self) -> bool:
        """True where the turn ended in one of the allowed ways."""
        return self.outcome in self.case.outcome


def run_cases(site_id: str, cases: Iterable[Case], on_verdict: Callable[[Verdict], None]) -> list[Verdict]:
    """Ask every case in a conversation of its own, one after another, in this process."""
    verdicts = []
    for case in cases:
        verdicts.append(verdict := _ask(site_id, case))
        on_verdict(verdict)
    return verdicts


def replay_all() -> tuple[int, list[Difference]]:
    """Replay every stored turn: how many there are, and where one would go otherwise."""
    with transaction() as session:
        turns = ended_turns(session)
        return len(turns), [found for turn_id in turns if (found := replay(session, turn_id))]


def _ask(site_id: str, case: Case) -> Verdict:
    with transaction() as session:
        thread_id = inbox.open_thread(session, site_id, "web").id
    seconds = 0.0
    for words in case.say:
        began = time.perf_counter()
        with transaction() as session:
            inbox.accept(session, session.get_one(Thread, thread_id), words, str(uuid4()))
        take_turn(thread_id)
        seconds = time.perf_counter() - began
    with transaction() as session:
        return _judge(session, case, thread_id, seconds)


def _judge(session: Session, case: Case, thread_id: UUID, seconds: float) -> Verdict:
    turn = session.scalars(select(Turn).where(Turn.thread_id == thread_id).order_by(Turn.created_at.desc())).first()
    query = select(Message).where(Message.thread_id == thread_id, Message.role == "agent")
    message = session.scalars(query.order_by(Message.position.desc())).first()
    reply = opened(session, thread_id, message.content) if message else ""
    cited = _files(session, {UUID(each["doc_id"]) for each in message.citations} if message else set())
    outcome = (turn.outcome if turn else None) or "failed"
    faults = tuple(_faults(case, reply, cited, outcome))
    return Verdict(case, reply, cited, outcome, seconds, faults)


def _files(session: Session, doc_ids: set[UUID]) -> tuple[str, ...]:
    locators = session.scalars(select(Document.locator).where(Document.id.in_(doc_ids)))
    return tuple(sorted(PurePosixPath(locator).name for locator in locators))


def _faults(case: Case, reply: str, cited: tuple[str, ...], outcome: str) -> Iterable[str]:
    if outcome not in case.outcome:
        yield f"outcome {outcome}, allowed: {', '.join(case.outcome)}"
    if case.sources and not set(cited) & set(case.sources):
        yield f"cites {', '.join(cited) or 'nothing'}, right: {', '.join(case.sources)}"
    said = _folded(reply)
    yield from (f"lacks {wanted!r}" for wanted in case.must if _folded(wanted) not in said)
    yield from (f"says {banned!r}" for banned in case.must_not if _folded(banned) in said)


def _folded(text: str) -> str:
    """Case and white space do not count."""
    return re.sub(r"\s+", "", text).lower()
