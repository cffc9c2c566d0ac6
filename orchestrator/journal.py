"""The journal of a turn: open, claim, record. Each record is one short transaction under the thread's row lock.

Inside it the machine steps until nothing is left to do but outside work (a model, a tool), which becomes the turn's
`pending` effect; a worker that holds the lease performs it with no transaction open.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import bus
from core.models import Thread, Turn, TurnEvent
from core.queue import Job, enqueue
from core.settings import Settings
from orchestrator import codec, inside
from orchestrator.effects import Draft, Outside, Plan, RunTool, State
from orchestrator.events import Event, Limits, TurnOpened
from orchestrator.machine import step


class LeaseLost(Exception):
    """Somebody else carries this turn on: what we found out comes too late."""


@dataclass(frozen=True)
class Lease:
    """The right to perform one turn's next effect, until somebody with a higher `fence` takes it."""

    turn_id: UUID
    thread_id: UUID
    fence: int
    pending: Outside | None
    seconds: float = 0.0  # that the run had when it was claimed


def open_turn(session: Session, thread: Thread, settings: Settings) -> Turn:
    """A new turn in `thread`, whose row the caller has locked."""
    now: datetime = session.scalars(select(func.now())).one()
    turn = Turn(
        thread_id=thread.id,
        site_id=thread.site_id,
        phase=State().phase,
        state=codec.dump(State()),
        settings_hash=settings.fingerprint(),
        deadline_at=now + timedelta(seconds=settings.accept_seconds),
    )
    session.add(turn)
    session.flush()
    models = len(settings.models)
    limits = Limits(settings.max_tool_calls, settings.tool_retry_delays_ms, settings.max_redrafts, models)
    record(session, turn, TurnOpened(limits))
    return turn


def open_turn_of(session: Session, thread_id: UUID) -> Turn | None:
    """The thread's turn that has not ended. The caller holds the thread's lock."""
    return session.scalars(select(Turn).where(Turn.thread_id == thread_id, Turn.ended_at.is_(None))).one_or_none()


def lock_thread(session: Session, thread_id: UUID) -> Thread | None:
    """The thread, locked until the transaction ends: whoever changes a turn holds this first."""
    query = select(Thread).where(Thread.id == thread_id).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def claim(session: Session, thread_id: UUID, worker: str, settings: Settings) -> Lease | None:
    """Take the thread's open turn, if something is pending and nobody holds it. Database time decides."""
    if lock_thread(session, thread_id) is None:
        return None
    turn = open_turn_of(session, thread_id)
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    if turn is None or turn.pending is None or (turn.leased_until is not None and turn.leased_until > now):
        return None
    turn.fence += 1
    turn.leased_by = worker
    turn.leased_until = now + timedelta(seconds=settings.lease_seconds)
    turn.due_at = min(now + timedelta(seconds=settings.turn_seconds), turn.deadline_at)
    seconds = (turn.due_at - now).total_seconds()
    return Lease(turn.id, turn.thread_id, turn.fence, codec.load_outside(turn.pending), seconds)


def renew(session: Session, leases: dict[UUID, int], settings: Settings) -> None:
    """Hold on to these turns (id → fence) for another lease."""
    until = func.clock_timestamp() + timedelta(seconds=settings.lease_seconds)
    for turn_id, fence in leases.items():
        held = (Turn.id == turn_id, Turn.fence == fence, Turn.ended_at.is_(None))
        session.execute(update(Turn).where(*held).values(leased_until=until))


def record_result(session: Session, lease: Lease, event: Event) -> Lease:
    """Write down what an outside effect answered, and learn what is next. Raises LeaseLost."""
    lock_thread(session, lease.thread_id)
    turn = session.get(Turn, lease.turn_id)
    if turn is None or turn.fence != lease.fence or turn.ended_at is not None:
        raise LeaseLost
    record(session, turn, event)
    if turn.pending is None:
        turn.leased_until = None
    return replace(lease, pending=codec.load_outside(turn.pending) if turn.pending else None)


def record(session: Session, turn: Turn, event: Event) -> None:
    """Step on `event`, and on whatever follows from it inside this transaction. The caller holds the thread's lock."""
    state = codec.load_state(turn.state)
    events: deque[Event] = deque([event])
    while events:
        happened = events.popleft()
        state, effects = step(state, happened)
        turn.seq += 1
        written = [codec.dump(effect) for effect in effects]
        session.add(TurnEvent(turn_id=turn.id, seq=turn.seq, version=1, event=codec.dump(happened), effects=written))
        for effect, stored in zip(effects, written, strict=True):
            if isinstance(effect, Plan | Draft | RunTool):
                turn.pending = stored
                enqueue_turn(session, turn)
            else:
                events.extend(inside.perform(session, turn, effect))
    turn.state = codec.dump(state)
    turn.phase = state.phase
    if state.outcome is not None:
        _end(session, turn, state)


def enqueue_turn(session: Session, turn: Turn) -> None:
    """Ring for a worker, unless one holds the turn and will find the pending effect by itself."""
    if turn.leased_until is None:
        enqueue(session, Job.TAKE_TURN, thread_id=turn.thread_id)


def _end(session: Session, turn: Turn, state: State) -> None:
    if turn.ended_at is None:
        turn.ended_at = session.scalars(select(func.now())).one()
        turn.outcome = state.outcome
        turn.pending = None
        bus.tell(session, turn.thread_id, "done", turn_id=str(turn.id), outcome=state.outcome)
