"""The orchestrator's jobs: take a turn, and sweep up whatever was left lying."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from core.db import transaction
from core.log import get_logger
from core.queue import Job, celery_app, claim_tick, enqueue
from core.settings import get_settings
from orchestrator import budget, figures, probing, retention
from orchestrator.case import lock_case
from orchestrator.cases import close_what_is_settled, tell_what_is_due
from orchestrator.events import DeadlinePassed
from orchestrator.journal import open_turn_of, record
from orchestrator.overdue import left_alone, look_after
from orchestrator.reconcile import reconcile
from orchestrator.turn import take_turn as carry_on

log = get_logger(__name__)

# Whose lease ran out has lost its worker: ring in every sweep, since that bell's hearer may die, too. What merely waits
# in the queue needs no second bell at once: only what nobody has taken for a while.
RING = text("""
    UPDATE turns SET rung_at = clock_timestamp()
    WHERE ended_at IS NULL AND pending IS NOT NULL AND deadline_at > clock_timestamp()
        AND (leased_until < clock_timestamp()
             OR leased_until IS NULL AND coalesce(rung_at, created_at) < clock_timestamp() - :patience)
        AND NOT EXISTS (SELECT FROM threads WHERE threads.id = thread_id AND trial)
    RETURNING id, thread_id
""")
OVERDUE = text("""
    SELECT id, thread_id FROM turns
    WHERE ended_at IS NULL AND (
        deadline_at < clock_timestamp() OR leased_until > clock_timestamp() AND due_at < clock_timestamp() - :grace
    )
""")
UNSETTLED = text("""
    SELECT DISTINCT turns.id, turns.thread_id FROM model_calls JOIN turns ON turns.id = model_calls.turn_id
    WHERE model_calls.settled_at IS NULL AND turns.ended_at < now() - interval '1 minute'
""")
GRACE = timedelta(seconds=1)  # a worker ends its own turn first; the sweep is for one that hangs
RETENTION_SECONDS = 3600.0
PROBE_SECONDS = 15.0  # of many erasures together all are looked for in one go
PATIENCE = timedelta(seconds=5)  # for how long a bell is thought to be in the queue still


@celery_app.task(name=Job.TAKE_TURN)
def take_turn(thread_id: str) -> None:
    """Carry a thread's turn on."""
    carry_on(UUID(thread_id))


@celery_app.task(name=Job.SWEEP_TURNS)
def sweep_turns() -> None:
    """Ring again for what is pending and unheld; end what is past its time."""
    sweep_when_due()


def sweep_when_due() -> list[UUID]:
    """Sweep, unless somebody has done so in this period; the threads that were rung for."""
    with transaction() as session:
        if not claim_tick(session, Job.SWEEP_TURNS, get_settings().sweep_seconds):
            return []
    return sweep()


def sweep() -> list[UUID]:
    """One sweep: a lost bell, a killed worker or a hanging one costs seconds, never a message. As `sweep_when_due`."""
    with transaction() as session:
        rung = session.execute(RING, {"patience": PATIENCE}).all()
        for turn_id, thread_id in rung:
            log.info("bell_rung_again", turn=str(turn_id))
            enqueue(session, Job.TAKE_TURN, thread_id=thread_id)
        overdue = session.execute(OVERDUE, {"grace": GRACE}).all()
        unsettled = session.execute(UNSETTLED).all()
    for turn_id, thread_id in overdue:
        end(turn_id, thread_id)
    for turn_id, thread_id in unsettled:
        settle(turn_id, thread_id)
    with transaction() as session:
        alone = left_alone(session, get_settings())
    for handoff_id in alone:
        with transaction() as session:
            look_after(session, handoff_id, get_settings())
    with transaction() as session:
        reconcile(session)
    return [thread_id for _, thread_id in rung]


def end(turn_id: UUID, thread_id: UUID) -> None:
    """End an overdue turn whoever holds it: the visitor is told, and a ticket stands."""
    with transaction() as session:
        lock_case(session, thread_id)
        turn = open_turn_of(session, thread_id)
        if turn is not None and turn.id == turn_id:
            figures.OVERDUE.add()
            log.warning("turn_overdue", turn=str(turn_id), phase=turn.phase)
            record(session, turn, DeadlinePassed())


def settle(turn_id: UUID, thread_id: UUID) -> None:
    """Settle what an ended turn still holds: its worker died while a model answered."""
    with transaction() as session:
        if case := lock_case(session, thread_id):
            budget.settle(session, case, turn_id)


@celery_app.task(name=Job.SWEEP_TICKETS)
def sweep_tickets() -> None:
    """Tell of tickets that were due, and close those that were solved long ago."""
    settings = get_settings()
    with transaction() as session:
        if not claim_tick(session, Job.SWEEP_TICKETS, settings.ticket_sweep_seconds):
            return
        if overdue := tell_what_is_due(session):
            log.warning("tickets_overdue", count=overdue)
        close_what_is_settled(session, settings)


@celery_app.task(name=Job.KEEP_RETENTION)
def keep_retention(again: str = "") -> None:
    """Delete what is older than its site keeps it; `again` where the run before had to leave something."""
    with transaction() as session:
        if not again and not claim_tick(session, Job.KEEP_RETENTION, RETENTION_SECONDS):
            return
    retention.keep(get_settings())


@celery_app.task(name=Job.PROBE_ERASED)
def probe_erased() -> None:
    """Look for what was erased, and note with its receipt that nothing was found."""
    with transaction() as session:
        if not claim_tick(session, Job.PROBE_ERASED, PROBE_SECONDS):
            return
    probing.probe(get_settings())
