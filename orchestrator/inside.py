"""The effects that are performed inside the transaction that records them: guards, tickets, handoffs, words."""

from collections.abc import Sequence
from datetime import timedelta
from typing import assert_never
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import bus
from core.models import Message, Thread, Visitor
from core.settings import get_settings
from core.tracing import span
from orchestrator import circuits, figures, guards, messages, open_turns, overdue, records
from orchestrator.effects import (
    CheckDraft,
    Finish,
    HoldForReview,
    Inside,
    OpenCircuit,
    OpenTicket,
    QueueHandoff,
    Say,
    SayPhrase,
    ScreenMessage,
)
from orchestrator.events import (
    DraftFailedGuard,
    DraftPassedGuards,
    Event,
    HandoffQueued,
    MessageScreened,
    Phrase,
    TicketOpened,
    VisitorSaid,
)
from orchestrator.evidence import Citation, Evidence, gather, render
from orchestrator.guards.draft import DraftText
from orchestrator.known import so_far
from orchestrator.memory import excerpt, unanswered
from orchestrator.open_turns import OpenTurn
from orchestrator.phrases import words
from orchestrator.records import Answer
from orchestrator.told import tell_staff
from tools.handoffs import queue_handoff
from tools.tickets import open_ticket


class MessageGone(Exception):
    """The visitor had the conversation deleted while somebody worked on it: nothing is left to do."""


def perform(session: Session, turn: OpenTurn, effect: Inside) -> Sequence[Event]:
    """Do it, and answer with what happened. Nothing here waits for anybody."""
    match effect:
        case ScreenMessage() | CheckDraft():
            return (_judged(session, turn, effect),)
        case HoldForReview():  # nothing is left for a worker: a person, or the deadline, carries the turn on
            turn.pending, turn.lasts = None, timedelta(minutes=get_settings().review_minutes)
            bus.tell(session, turn.thread_id, "state", state="reviewing")
            tell_staff(session, turn.thread_id, "draft", turn=turn.id, n=turn.state.n)
        case OpenCircuit(tool):
            circuits.trip(f"tool:{tool}", get_settings().circuit_seconds)
        case OpenTicket(reason):
            return (_open_ticket(session, turn, reason),)
        case QueueHandoff(reason):
            return (_queue_handoff(session, turn, reason),)
        case Say() | SayPhrase():
            said, citations = words_of(session, turn, effect)
            message_id = messages.say(session, turn.thread_id, "agent", said, turn_id=turn.id, citations=citations)
            if message_id is not None:
                records.keep(session, turn, effect, Answer(message_id, said, citations))
        case Finish():
            pass  # the journal closes the turn when the state has an outcome
        case _:
            assert_never(effect)
    return ()


def _judged(session: Session, turn: OpenTurn, effect: ScreenMessage | CheckDraft) -> Event:
    with span("guards"):
        verdict = judge(session, turn, effect)
    if isinstance(verdict, MessageScreened | DraftPassedGuards | DraftFailedGuard):
        figures.note_verdicts(verdict.verdicts)
    if isinstance(verdict, DraftPassedGuards):
        figures.CONFIDENCE.observe(verdict.confidence)
    return verdict


def judge(session: Session, turn: OpenTurn, effect: ScreenMessage | CheckDraft) -> Event:
    """Let the guards look: the same turn gives the same verdicts."""
    if isinstance(effect, ScreenMessage):
        return MessageScreened(guards.screen(_heard(session, turn, effect.message_id)))
    return _check(session, turn, effect)


def words_of(session: Session, turn: OpenTurn, effect: Say | SayPhrase) -> tuple[str, list[Citation]]:
    """What the visitor is told, and what it rests on: the same turn gives the same words."""
    if isinstance(effect, Say):
        return effect.text, list(effect.citations)
    language = turn.state.limits.language
    said = words(effect.phrase, effect.ticket, address_known=effect.address_known, language=language)
    if effect.phrase is not Phrase.CHECKING_FURTHER:
        return said, []
    known, citations = so_far(evidence_of(session, turn))
    return f"{known} {said}".strip(), citations


def evidence_of(session: Session, turn: OpenTurn) -> Evidence:
    """What the turn has found out so far, and what the visitor has said in it."""
    history = open_turns.history(session, turn)
    heard = [event.message_id for event, _ in history if isinstance(event, VisitorSaid)]
    spoken = [_heard(session, turn, message_id) for message_id in heard]
    return gather((event for event, _ in history), visitor="\n".join(spoken))


def _heard(session: Session, turn: OpenTurn, message_id: str) -> str:
    if message_id not in turn.heard:
        found = session.scalar(select(Message.content).where(Message.id == UUID(message_id)))
        if found is None:
            raise MessageGone
        turn.heard[message_id] = found
    return turn.heard[message_id]


def _check(session: Session, turn: OpenTurn, effect: CheckDraft) -> Event:
    evidence = evidence_of(session, turn)
    verdicts = guards.judge(DraftText(effect.text, effect.intent), evidence)
    if objection := guards.objection(verdicts):
        return DraftFailedGuard(verdicts, objection)
    text, citations = render(effect.text, evidence)
    confidence = 1.0 if evidence.answerable is None else evidence.answerable
    return DraftPassedGuards(verdicts, text, citations, confidence)


def _open_ticket(session: Session, turn: OpenTurn, reason: str) -> Event:
    thread = session.get_one(Thread, turn.thread_id)
    visitor = session.get_one(Visitor, thread.visitor_id)
    asked = unanswered(session, thread.id)
    if turn.state.phrase is Phrase.NOBODY_THERE:
        overdue.stand_aside(session, thread)
    ticket = open_ticket(
        session,
        key=f"{turn.id}:ticket",
        site_id=turn.site_id,
        thread_id=thread.id,
        email=visitor.verified_email or visitor.contact_email,
        subject=(asked[-1] if asked else "A question from the chat")[:120],
        body=f"{reason}\n\n{excerpt(session, thread.id)}",
        priority="normal",
    )
    return TicketOpened(ticket.number, address_known=ticket.email is not None)


def _queue_handoff(session: Session, turn: OpenTurn, reason: str) -> Event:
    handoff = queue_handoff(
        session,
        key=f"{turn.id}:handoff",
        site_id=turn.site_id,
        thread_id=turn.thread_id,
        reason=reason,
        excerpt=excerpt(session, turn.thread_id),
    )
    bus.tell(session, turn.thread_id, "state", state="calling_person")
    return HandoffQueued(handoff.number)
