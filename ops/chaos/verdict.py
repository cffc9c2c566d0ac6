"""Reads the database after a part, and holds it against what was said: lost, doubled, loose, replayed otherwise."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Handoff, Message, Ticket, ToolRun, Turn, TurnEvent
from ops.chaos.model import WISH
from ops.chaos.visitors import Said
from orchestrator.replay import replay

EXPECTED = {"search": "answered", "ticket": "ticketed", "two": "ticketed", "person": "handed_off"}
LONGEST_WAIT_S = 90.0  # the deadline of an accepted message, and a sweep after it
MOST_DEGRADED = 0.1  # of all turns, or the part has proven nothing


@dataclass
class Verdict:
    """What came of a part. Every line in a list is a broken promise, but for `degraded`: that is stated failure."""

    said: int = 0
    accepted: int = 0
    turns: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)  # intents without a result, tickets that nobody asked for
    differs: list[str] = field(default_factory=list)  # replays
    degraded: Counter[str] = field(default_factory=Counter)

    @property
    def broken(self) -> list[str]:
        """All broken promises."""
        idle = (
            f"{self.degraded.total()} of {self.turns} turns ended in a stated failure: nothing worked that could break"
        )
        mostly = [idle] if self.degraded.total() > MOST_DEGRADED * self.turns else []
        return self.lost + self.doubled + self.loose + self.differs + mostly


def wait_for_the_end(site: str) -> None:
    """Return once no turn of `site` is open, or once each had its time."""
    still_open = select(func.count()).where(Turn.site_id == site, Turn.ended_at.is_(None))
    until = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < until:
        with transaction() as session:
            if not session.scalar(still_open):
                return
        time.sleep(0.2)


def judge(site: str, said: Sequence[Said]) -> Verdict:
    """The verdict on everything that happened in `site`."""
    verdict = Verdict(said=len(said), accepted=sum(bool(one.accepted) for one in said))
    with transaction() as session:
        facts = _Facts(session, site)
    verdict.turns = len(facts.turns)
    verdict.lost += _lost_messages(facts, said)
    for turn in facts.turns.values():
        _judge_turn(facts, turn, verdict)
    verdict.doubled += _doubled(facts)
    verdict.loose += _strays(facts)
    for turn_id in facts.turns:
        with transaction() as session:
            if difference := replay(session, turn_id):
                verdict.differs.append(str(difference))
    return verdict


class _Facts:
    """The rows of one site, by turn."""

    def __init__(self, session: Session, site: str) -> None:
        self.turns = {turn.id: turn for turn in session.scalars(select(Turn).where(Turn.site_id == site))}
        mine = select(Turn.thread_id).where(Turn.site_id == site)
        self.messages = list(session.scalars(select(Message).where(Message.thread_id.in_(mine))))
        self.tickets = list(session.scalars(select(Ticket).where(Ticket.site_id == site)))
        self.handoffs = list(session.scalars(select(Handoff).where(Handoff.site_id == site)))
        of_site = select(Turn.id).where(Turn.site_id == site)
        self.runs: dict[UUID, list[ToolRun]] = defaultdict(list)
        for run in session.scalars(select(ToolRun).where(ToolRun.turn_id.in_(of_site))):
            self.runs[run.turn_id].append(run)
        self.replies = Counter(message.turn_id for message in self.messages if message.role == "agent")
        self.wishes: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
        for message in self.messages:
            if message.role == "visitor" and message.turn_id and (wish := WISH.search(message.content)):
                self.wishes[message.turn_id].append((wish[1], wish[2]))
        self.cases = Counter((ticket.thread_id, ticket.subject) for ticket in self.tickets)
        # A tool's own ticket leaves no such event: this one was opened in the place of an answer.
        opened = TurnEvent.event["type"].astext == "TicketOpened"
        self.degraded = set(session.scalars(select(TurnEvent.turn_id).where(TurnEvent.turn_id.in_(of_site), opened)))


def _lost_messages(facts: _Facts, said: Sequence[Said]) -> Iterator[str]:
    stored = {message.id: message for message in facts.messages}
    handed = {handoff.thread_id for handoff in facts.handoffs}
    for one in said:
        if not one.accepted:
            continue
        message = stored.get(one.message_id) if one.message_id else None
        if message is None:
            yield f"message {one.message_id} ({one.kind} {one.number}) was accepted and is not there"
        elif message.turn_id is None and one.thread_id not in handed:
            yield f"message {one.message_id} ({one.kind} {one.number}) has no turn"


def _judge_turn(facts: _Facts, turn: Turn, verdict: Verdict) -> None:
    wishes = facts.wishes[turn.id]
    name = f"turn {turn.id} ({', '.join(' '.join(wish) for wish in wishes)})"
    if turn.ended_at is None:
        verdict.lost.append(f"{name} never ended: {turn.phase}, fence {turn.fence}, pending {turn.pending}")
        return
    if facts.replies[turn.id] != 1:
        (verdict.doubled if facts.replies[turn.id] else verdict.lost).append(
            f"{name}: {facts.replies[turn.id]} replies"
        )
    if _degraded(facts, turn, wishes):
        verdict.degraded[f"{wishes[0][0] if wishes else 'nothing'}: {turn.outcome}"] += 1
        return
    for kind, number in wishes:
        if kind in {"ticket", "two"} and not facts.cases[turn.thread_id, f"Case {number}"]:
            verdict.lost.append(f"{name}: no ticket")
        if kind == "person" and all(handoff.thread_id != turn.thread_id for handoff in facts.handoffs):
            verdict.lost.append(f"{name}: no handoff")
    verdict.loose += [
        f"{name}: {run.tool} {run.key} is {run.status}" for run in facts.runs[turn.id] if run.status != "done"
    ]


def _degraded(facts: _Facts, turn: Turn, wishes: list[tuple[str, str]]) -> bool:
    return turn.id in facts.degraded or not wishes or turn.outcome != EXPECTED[wishes[-1][0]]


def _doubled(facts: _Facts) -> Iterator[str]:
    yield from (f"{count} tickets {subject!r}" for (_, subject), count in facts.cases.items() if _twice(subject, count))
    handed = Counter(handoff.thread_id for handoff in facts.handoffs)
    yield from (f"thread {thread}: {count} handoffs" for thread, count in handed.items() if count > 1)
    stored = Counter((one.thread_id, one.content) for one in facts.messages if one.role == "visitor")
    yield from (
        f"thread {thread}: {content!r} {count} times" for (thread, content), count in stored.items() if count > 1
    )


def _twice(subject: str, count: int) -> bool:
    return count > 1 and subject.startswith("Case ")


def _strays(facts: _Facts) -> Iterator[str]:
    """Tickets that are neither of a wish nor of a turn that degraded."""
    asked = {
        (facts.turns[turn_id].thread_id, f"Case {number}")
        for turn_id, wishes in facts.wishes.items()
        for kind, number in wishes
        if kind in {"ticket", "two"} and turn_id in facts.turns
    }
    for ticket in facts.tickets:
        wished = (ticket.thread_id, ticket.subject) in asked
        if not wished and UUID(ticket.key.split(":")[0]) not in facts.degraded:
            yield f"ticket {ticket.number} {ticket.subject!r} that nobody asked for"
