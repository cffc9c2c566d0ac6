"""The orchestrator's jobs: take a turn, and sweep up whatever was left lying."""

from uuid import UUID

from sqlalchemy import Select, func, select

from core.db import transaction
from core.log import get_logger
from core.models import Turn
from core.queue import Job, celery_app, claim_tick, enqueue
from core.settings import get_settings
from orchestrator.events import DeadlinePassed
from orchestrator.journal import lock_thread, record
from orchestrator.overdue import tell_those_who_wait
from orchestrator.turn import take_turn as carry_on

log = get_logger(__name__)

GRACE_S = 1.0  # a worker ends its own turn first; the sweep is for one that hangs


@celery_app.task(name=Job.TAKE_TURN)
def take_turn(thread_id: str) -> None:
    """Carry a thread's turn on."""
    carry_on(UUID(thread_id))


@celery_app.task(name=Job.SWEEP_TURNS)
def sweep_turns() -> None:
    """Ring again for what is pending and unheld; end what is past its time."""
    with transaction() as session:
        if not claim_tick(session, Job.SWEEP_TURNS, get_settings().sweep_seconds):
            return
    sweep()


def sweep() -> None:
    """One sweep: a lost bell, a killed worker or a hanging one costs seconds, never a message."""
    with transaction() as session:
        for turn in session.scalars(_unheld()):
            log.info("bell_rung_again", turn=str(turn.id))
            enqueue(session, Job.TAKE_TURN, thread_id=turn.thread_id)
        overdue = [(turn.id, turn.thread_id) for turn in session.scalars(_overdue())]
    with transaction() as session:
        tell_those_who_wait(session, get_settings())
    for turn_id, thread_id in overdue:
        end(turn_id, thread_id)


def end(turn_id: UUID, thread_id: UUID) -> None:
    """End an overdue turn whoever holds it: the visitor is told, and a ticket stands."""
    with transaction() as session:
        lock_thread(session, thread_id)
        turn = session.get(Turn, turn_id)
        if turn is not None and turn.ended_at is None:
            log.warning("turn_overdue", turn=str(turn_id), phase=turn.phase)
            record(session, turn, DeadlinePassed())


def _unheld() -> Select[Turn]:
    now = func.clock_timestamp()
    free = (Turn.leased_until.is_(None)) | (Turn.leased_until < now)
    return select(Turn).where(Turn.ended_at.is_(None), Turn.pending.is_not(None), free, Turn.deadline_at > now)


def _overdue() -> Select[Turn]:
    now = func.clock_timestamp()
    hanging = (Turn.leased_until > now) & (Turn.due_at < now - func.make_interval(0, 0, 0, 0, 0, 0, GRACE_S))
    return select(Turn).where(Turn.ended_at.is_(None), hanging | (Turn.deadline_at < now))
