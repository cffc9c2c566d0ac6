"""A turn's journal read back: its events, and what came of each tool call."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from brain.client import ToolCall, ToolOutcome
from core.models import TurnEvent
from orchestrator import codec
from orchestrator.codec import Json
from orchestrator.events import Event, ToolFailed, ToolReturned

History = tuple[tuple[Event, list[Json]], ...]  # each event with the effects that were recorded for it


def events_of(session: Session, turn_id: UUID) -> History:
    """Everything that was recorded for the turn, in order."""
    query = select(TurnEvent.event, TurnEvent.effects).where(TurnEvent.turn_id == turn_id).order_by(TurnEvent.seq)
    return tuple((codec.load_event(event), effects) for event, effects in session.execute(query))


def outcomes_of(history: History) -> tuple[ToolOutcome, ...]:
    """Every call of the turn with its last result, in the order in which they were made."""
    asked = {
        effect["n"]: ToolCall(effect["call"]["id"], effect["call"]["tool"], effect["call"]["arguments"])
        for _, effects in history
        for effect in effects
        if effect["type"] == "RunTool"
    }
    results: dict[str, ToolOutcome] = {}
    for event, _ in history:
        if isinstance(event, ToolReturned | ToolFailed) and event.n in asked:
            call = asked[event.n]
            results[call.id] = _outcome(call, event)
    return tuple(results.values())


def _outcome(call: ToolCall, event: ToolReturned | ToolFailed) -> ToolOutcome:
    if isinstance(event, ToolFailed):
        return ToolOutcome(call, event.reason, failed=True)
    return ToolOutcome(call, event.output)
