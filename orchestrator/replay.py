"""Replay: step again over a stored turn, and compare state and effects byte by byte. No model, no tool, no clock."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import TurnNotFound
from core.models import Turn
from orchestrator import codec
from orchestrator.effects import State
from orchestrator.events import Event
from orchestrator.history import History, events_of
from orchestrator.machine import IllegalEvent, step


@dataclass(frozen=True)
class Difference:
    """Where a replay leaves the recorded path: at event `seq` (0: in the final state)."""

    turn_id: UUID
    seq: int
    event: str
    recorded: str
    replayed: str

    def __str__(self) -> str:
        """Readable, one side below the other."""
        where = f"turn {self.turn_id}, event {self.seq} ({self.event})"
        return f"{where}:\n  recorded {self.recorded}\n  replayed {self.replayed}"


def replay(session: Session, turn_id: UUID) -> Difference | None:
    """The first difference between the stored turn and what the machine would do today. Raises TurnNotFound."""
    turn = session.get(Turn, turn_id)
    if turn is None:
        raise TurnNotFound
    return compare(turn_id, events_of(session, turn_id), turn.state)


def compare(turn_id: UUID, history: History, final: codec.Json) -> Difference | None:
    """Step over `history`; the recorded effects and the `final` state must come out to the byte."""
    state = State()
    for seq, (event, recorded) in enumerate(history, start=1):
        state, replayed = _again(state, event)
        if codec.canonical(replayed) != codec.canonical(recorded):
            return Difference(turn_id, seq, type(event).__name__, str(recorded), str(replayed))
    if codec.canonical(codec.dump(state)) != codec.canonical(final):
        return Difference(turn_id, 0, "final state", str(final), str(codec.dump(state)))
    return None


def _again(state: State, event: Event) -> tuple[State, object]:
    try:
        state, effects = step(state, event)
    except IllegalEvent as error:
        return state, f"IllegalEvent: {error}"
    return state, [codec.dump(effect) for effect in effects]
