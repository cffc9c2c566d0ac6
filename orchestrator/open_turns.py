"""A turn while it is open: as it is read, and as its new state is written. Plain statements, for speed.

Every turn passes here five times; loading and flushing it as ORM rows took most of a worker's time.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core import tracing
from core.direct import Statement
from core.sealing import places
from orchestrator import codec
from orchestrator.codec import Json
from orchestrator.effects import Outside, State
from orchestrator.events import Event, Phase

FIND = Statement("""
    SELECT id, thread_id, site_id, seq, state, pending, leased_until IS NOT NULL AS leased,
        (SELECT trial FROM threads WHERE threads.id = thread_id) AS trial
    FROM turns WHERE thread_id = :thread_id AND ended_at IS NULL
""")
# The thread first, then its turn: both are read as they are once both are ours.
LOCK = Statement("""
    SELECT turns.seq, turns.fence, turns.ended_at IS NOT NULL AS ended
    FROM threads JOIN turns ON turns.thread_id = threads.id
    WHERE threads.id = :thread_id AND turns.id = :id FOR UPDATE OF threads, turns
""")
OPEN = Statement("""
    INSERT INTO turns (id, thread_id, site_id, phase, state, seq, settings_hash, request_id, fence, deadline_at)
    VALUES (:id, :thread_id, :site_id, :phase, CAST(:state AS jsonb), 0, :settings_hash, :request_id, 0, now() + :lasts)
""")
WRITE = Statement("""
    WITH added AS (
        INSERT INTO turn_events (turn_id, seq, version, event, effects)
        SELECT :id, entry.seq, :version, entry.event, entry.effects
        FROM jsonb_to_recordset(CAST(:entries AS jsonb)) AS entry (seq integer, event jsonb, effects jsonb)
    )
    UPDATE turns SET seq = :seq, phase = :phase, state = CAST(:state AS jsonb), pending = CAST(:pending AS jsonb),
        outcome = :outcome,
        ended_at = CASE WHEN :ended THEN now() END,
        leased_until = CASE WHEN :let_go THEN NULL ELSE leased_until END,
        deadline_at = CASE WHEN CAST(:lasts AS interval) IS NULL THEN deadline_at ELSE now() + :lasts END
    WHERE id = :id
""")
EVENTS = Statement("SELECT version, event, effects FROM turn_events WHERE turn_id = :turn_id ORDER BY seq")
STATE = Statement("SELECT state, seq, pending FROM turns WHERE id = :id")

History = list[tuple[Event, list[Json]]]  # each event with the effects that were recorded for it


@dataclass
class OpenTurn:
    """One turn that has not ended. The caller holds its thread's lock."""

    id: UUID
    thread_id: UUID
    site_id: str
    seq: int
    state: State
    pending: Outside | None
    leased: bool
    trial: bool = False  # of a trial: no worker is rung for it
    known: History | None = None  # what of its journal is in memory: all of it, or nothing
    heard: dict[str, str] = field(default_factory=dict)  # the visitor's words by message id, where they are at hand
    lasts: timedelta | None = None  # from now on, where its deadline is to be moved
    unwritten: History = field(default_factory=list)  # events that `write` will add

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        return self.state.phase

    def note(self, event: Event, effects: list[Json]) -> None:
        """Add one event to the journal."""
        self.seq += 1
        if self.known is not None:
            self.known.append((event, effects))
        self.unwritten.append((event, effects))


def find(session: Session, thread_id: UUID) -> OpenTurn | None:
    """The thread's turn that has not ended."""
    row = FIND.row(session, thread_id=thread_id)
    if row is None:
        return None
    state, pending = stands(row.id, row.state, row.pending)
    return OpenTurn(row.id, row.thread_id, row.site_id, row.seq, state, pending, leased=row.leased, trial=row.trial)


def stands(turn_id: UUID, state: Json, pending: Json | None) -> tuple[State, Outside | None]:
    """Where a turn stands, and what is to be done next, from its stored row."""
    wanted = codec.load_outside(places.PENDING.open(turn_id, pending)) if pending else None
    return codec.load_state(places.STATE.open(turn_id, state)), wanted


def insert(session: Session, turn: OpenTurn, settings_hash: str, lasts: timedelta) -> None:
    """Store a new turn; its events follow with `write`."""
    fields = {"id": turn.id, "thread_id": turn.thread_id, "site_id": turn.site_id, "phase": turn.phase}
    state = places.STATE.text(turn.id, codec.dump(turn.state))
    made = {"settings_hash": settings_hash, "request_id": tracing.request_id(), "lasts": lasts}
    OPEN.run(session, **fields, state=state, **made)
    turn.known = []


def write(session: Session, turn: OpenTurn) -> None:
    """Store the turn's new events and where it stands now."""
    state = turn.state
    first = turn.seq - len(turn.unwritten) + 1
    entries = ", ".join(_entry(turn, seq, *entry) for seq, entry in enumerate(turn.unwritten, first))
    turn.unwritten = []
    WRITE.run(
        session,
        id=turn.id,
        entries=f"[{entries}]",
        version=codec.VERSION,
        seq=turn.seq,
        phase=state.phase,
        state=places.STATE.text(turn.id, codec.dump(state)),
        pending=places.PENDING.text(turn.id, codec.dump(turn.pending)) if turn.pending else None,
        outcome=state.outcome,
        ended=state.outcome is not None,
        let_go=turn.pending is None,
        lasts=turn.lasts,
    )
    turn.lasts = None


def _entry(turn: OpenTurn, seq: int, event: Event, effects: list[Json]) -> str:
    """As JSON."""
    sealed = json.dumps(places.EFFECTS.seal_all(turn.id, effects))
    return f'{{"seq": {seq}, "event": {places.EVENT.text(turn.id, codec.dump(event))}, "effects": {sealed}}}'


def history(session: Session, turn: OpenTurn) -> History:
    """Everything that happened in the turn, in order, with what this transaction has yet to write."""
    if turn.known is None:
        turn.known = [*read_history(session, turn.id), *turn.unwritten]
    return turn.known


def read_history(session: Session, turn_id: UUID) -> History:
    """The stored journal of any turn, open or ended."""
    return read_events(turn_id, EVENTS.rows(session, turn_id=turn_id))


def read_events(turn_id: UUID, rows: Iterable[Sequence[Any]]) -> History:
    """A turn's journal from its stored rows: version, event, effects."""
    return [_read(turn_id, *row) for row in rows]


def _read(turn_id: UUID, version: int, event: Json, effects: list[Json]) -> tuple[Event, list[Json]]:
    opened = places.EFFECTS.open_all(turn_id, effects)
    return codec.load_event(places.EVENT.open(turn_id, event), version), codec.effects(opened, version)


def copy(turn: OpenTurn) -> OpenTurn:
    """The same turn, to be stepped on in a transaction that may fail."""
    return replace(turn, known=None if turn.known is None else list(turn.known), heard=dict(turn.heard), unwritten=[])


def reload(session: Session, turn: OpenTurn) -> None:
    """Learn what others have recorded meanwhile."""
    row = STATE.row(session, id=turn.id)
    turn.state, turn.pending = stands(turn.id, row.state, row.pending)
    turn.seq, turn.known = row.seq, None
    turn.heard.clear()  # something may have been taken out of it meanwhile
