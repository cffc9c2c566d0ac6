"""The effects that are performed inside the transaction that records them: guards, tickets, handoffs, words."""

from collections.abc import Sequence
from typing import Any, assert_never
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import bus
from core.models import Message, Thread, Turn, TurnEvent, Visitor
from orchestrator import circuits, codec, guards
from orchestrator.effects import (
    CheckDraft,
    Finish,
    Inside,
    OpenCircuit,
    OpenTicket,
    QueueHandoff,
    Say,
    SayPhrase,
    ScreenMessage,
)
from orchestrator.events import DraftFailedGuard, DraftPassedGuards, Event, HandoffQueued, MessageScreened, TicketOpened
from orchestrator.evidence import Evidence, gather, render
from orchestrator.guards.draft import DraftText
from orchestrator.memory import excerpt, unanswered
from orchestrator.phrases import words
from tools.handoffs import queue_handoff
from tools.tickets import open_ticket


def perform(session: Session, turn: Turn, effect: Inside) -> Sequence[Event]:
    """Do it, and answer with what happened. Nothing here waits for anybody."""
    match effect:
        case ScreenMessage(message_id):
            message = session.get_one(Message, UUID(message_id))
            return (MessageScreened(guards.screen(message.content)),)
        case CheckDraft():
            return (_check(session, turn, effect),)
        case OpenCircuit(tool):
            circuits.trip(tool)
        case OpenTicket(reason):
            return (_open_ticket(session, turn, reason),)
        case QueueHandoff(reason):
            return (_queue_handoff(session, turn, reason),)
        case Say(text, citations):
            say(session, turn, text, list(citations))
        case SayPhrase(phrase, ticket, address_known):
            say(session, turn, words(phrase, ticket, address_known=address_known), [])
        case Finish():
            pass  # the journal closes the turn when the state has an outcome
        case _:
            assert_never(effect)
    return ()


def evidence_of(session: Session, turn: Turn) -> Evidence:
    """What the turn has found out so far."""
    query = select(TurnEvent.event).where(TurnEvent.turn_id == turn.id).order_by(TurnEvent.seq)
    found = [codec.load_event(stored) for stored in session.scalars(query) if stored["type"] == "ToolReturned"]
    return gather(found, visitor="\n".join(unanswered(session, turn.thread_id)))


def say(session: Session, turn: Turn, text: str, citations: list[dict[str, Any]]) -> Message:
    """The agent's one message of this turn."""
    message = Message(thread_id=turn.thread_id, turn_id=turn.id, role="agent", content=text, citations=citations)
    add_message(session, message)
    return message


def add_message(session: Session, message: Message) -> None:
    """Store `message`, and show it to whoever listens."""
    session.add(message)
    session.flush()
    session.refresh(message, ["created_at", "position"])
    bus.tell(session, message.thread_id, "message", **as_json(message))


def as_json(message: Message) -> dict[str, Any]:
    """A message as the API and the stream show it."""
    return {
        "id": str(message.id),
        "role": message.role,
        "content": message.content,
        "citations": message.citations,
        "created_at": message.created_at.isoformat(),
    }


def _check(session: Session, turn: Turn, effect: CheckDraft) -> Event:
    evidence = evidence_of(session, turn)
    verdicts = guards.judge(DraftText(effect.text, effect.intent), evidence)
    if objection := guards.objection(verdicts):
        return DraftFailedGuard(verdicts, objection)
    text, citations = render(effect.text, evidence)
    return DraftPassedGuards(verdicts, text, citations)


def _open_ticket(session: Session, turn: Turn, reason: str) -> Event:
    thread = session.get_one(Thread, turn.thread_id)
    visitor = session.get_one(Visitor, thread.visitor_id)
    asked = unanswered(session, thread.id)
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


def _queue_handoff(session: Session, turn: Turn, reason: str) -> Event:
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
