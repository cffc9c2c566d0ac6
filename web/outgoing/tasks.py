"""The outbox's jobs. Slow receivers hold a few threads of the chat worker at most: a bell beyond those is let go."""

import threading
from functools import lru_cache

from sqlalchemy import func, select

from core.db import transaction
from core.log import get_logger
from core.models import Outgoing
from core.queue import Job, celery_app, claim_tick, enqueue
from core.settings import get_settings
from web.outgoing.claims import bury_the_lost, forget_sent, ready
from web.outgoing.delivery import Courier

log = get_logger(__name__)


@lru_cache(maxsize=1)
def _slots() -> threading.Semaphore:
    return threading.Semaphore(get_settings().outgoing_threads)


@celery_app.task(name=Job.DELIVER)
def deliver() -> None:
    """Send one thing, then ring for the next. Those who hold the slots find what a bell without one was about."""
    slots, courier = _slots(), Courier(get_settings())
    if not slots.acquire(blocking=False):
        return
    try:
        sent = courier.deliver_one()
    finally:
        slots.release()
    if sent:
        ring(courier, most=1)


@celery_app.task(name=Job.SWEEP_OUTBOX)
def sweep_outbox() -> None:
    """Ring for what is due: lost bells, killed workers, attempts that waited, destinations that have rested."""
    with transaction() as session:
        if not claim_tick(session, Job.SWEEP_OUTBOX, get_settings().outgoing_sweep_seconds):
            return
    sweep(Courier(get_settings()))


def sweep(courier: Courier) -> None:
    """One sweep."""
    with transaction() as session:
        if lost := bury_the_lost(session, courier.settings):
            log.warning("outgoing_lost", count=lost)
        forget_sent(session, courier.settings)
    ring(courier, most=courier.settings.outgoing_threads)


def ring(courier: Courier, most: int) -> None:
    """Ring for what can be sent now, `most` times at the most."""
    resting = courier.resting()
    with transaction() as session:
        due = select(Outgoing.id).where(ready(courier.settings, resting)).limit(most).subquery()
        for _ in range(session.scalar(select(func.count()).select_from(due)) or 0):
            enqueue(session, Job.DELIVER)
