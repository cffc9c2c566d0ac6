"""What staff do with drafts that wait for them: list, approve (as they are, or edited), refuse."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict, DraftNotFound
from core.models import Turn, TurnEvent
from orchestrator import codec, tokens
from orchestrator.case import lock_thread
from orchestrator.events import DraftApproved, DraftRefused, Phase, Review
from orchestrator.inbox import checked
from orchestrator.journal import open_turn_of, record
from orchestrator.memory import unanswered
from orchestrator.people import ANSWERING, Person, check_role
from tools.fitted import fitted
from tools.handoffs import REASON_MAX

MARK = re.compile(r" ?\[(\d+)\]")
NAME_CHARS = 8

Citations = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Held:
    """A draft that the guards passed and that no visitor has seen yet. `n` is its number in its turn."""

    turn_id: UUID
    thread_id: UUID
    site_id: str
    n: int
    asked: str
    text: str
    citations: Citations
    kind: str  # answer, clarify, abstain, smalltalk
    confidence: float  # how likely what was found answers the question, 0 to 1
    since: datetime

    @property
    def name(self) -> str:
        """What staff call it by: no later draft of the same turn has the same."""
        return f"{self.turn_id.hex[-NAME_CHARS:]}.{self.n}"


def drafts(session: Session, site_id: str | None = None) -> tuple[Held, ...]:
    """The held drafts, the longest waiting first."""
    query = select(Turn.id, Turn.thread_id, Turn.site_id, Turn.state)
    query = query.where(Turn.ended_at.is_(None), Turn.phase == Phase.REVIEWING).order_by(Turn.created_at)
    rows = session.execute(query.where(Turn.site_id == site_id) if site_id else query).all()
    return tuple(_held(session, *row) for row in rows)


def approve(session: Session, name: str, person: Person, text: str | None = None) -> Held:
    """Send the draft called `name`, or `text` in its place with those of its citations that `text` still has.

    Raises DraftNotFound, RoleMissing, Conflict where it has just become void, and MessageEmpty, MessageTooLong or
    MessageNotText.
    """
    held = find(session, name)
    words, citations = (held.text, held.citations) if text is None else _edited(checked(text), held.citations)
    words = words if text is None else tokens.hidden(session, held.thread_id, words)
    _record(session, held, person, DraftApproved(held.n, person.name, words, citations))
    return held


def refuse(session: Session, name: str, person: Person, reason: str) -> Held:
    """Send a person instead of the draft called `name`. Raises DraftNotFound, RoleMissing, Conflict."""
    held = find(session, name)
    said = tokens.hidden(session, held.thread_id, fitted(reason, REASON_MAX))
    _record(session, held, person, DraftRefused(held.n, person.name, said))
    return held


def _record(session: Session, held: Held, person: Person, decided: Review) -> None:
    """Decide under the thread's lock: the visitor may have written, or somebody else decided, a moment ago."""
    lock_thread(session, held.thread_id)
    check_role(session, person, held.site_id, ANSWERING, DraftNotFound)
    turn = open_turn_of(session, held.thread_id)
    if turn is None or turn.id != held.turn_id or turn.phase != Phase.REVIEWING:
        raise Conflict("This draft is void: the visitor wrote more, or somebody was quicker.")
    record(session, turn, decided)
    if turn.phase == Phase.REVIEWING:  # the machine swallowed it
        raise Conflict("Another draft has taken the place of this one: look at it first.")


def find(session: Session, name: str) -> Held:
    """The draft that waits under `name`. Raises DraftNotFound."""
    for held in drafts(session):
        if held.name == name:
            return held
    raise DraftNotFound


def _held(session: Session, turn_id: UUID, thread_id: UUID, site_id: str, state: codec.Json) -> Held:
    at, effect, confidence = next(_holds(session, turn_id))
    asked = "\n".join(unanswered(session, thread_id))
    text, citations = effect["text"], tuple(effect["citations"])
    return Held(turn_id, thread_id, site_id, state["n"], asked, text, citations, state["intent"], confidence, at)


def _holds(session: Session, turn_id: UUID) -> Iterator[tuple[datetime, codec.Json, float]]:
    """When and what was held in this turn, and how sure of it the search was; the newest first."""
    query = select(TurnEvent.recorded_at, TurnEvent.event, TurnEvent.effects).where(TurnEvent.turn_id == turn_id)
    for at, event, effects in session.execute(query.order_by(TurnEvent.seq.desc())):
        held = (effect for effect in effects if effect["type"] == "HoldForReview")
        yield from ((at, effect, event.get("confidence", 1.0)) for effect in held)


def _edited(text: str, citations: Citations) -> tuple[str, Citations]:
    """`text` without marks that stand for nothing, and the citations that it still has."""
    known = {str(citation["n"]) for citation in citations}
    shown = MARK.sub(lambda mark: mark[0] if mark[1] in known else "", text).strip()
    kept = set(MARK.findall(shown))
    return shown, tuple(citation for citation in citations if str(citation["n"]) in kept)
