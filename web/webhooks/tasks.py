"""The gateway's jobs: carry out what waits; forget what is old."""

from datetime import timedelta

from sqlalchemy import delete, func, update

from core.db import transaction
from core.models import WebhookEvent
from core.queue import Job, celery_app, claim_tick, enqueue
from core.settings import get_settings
from web.scheduler import SWEEP_WEBHOOKS_SECONDS
from web.webhooks.carrying import carry_out, waiting

PORTION = 200  # events; then the bell is rung again, so that other jobs get their turn


@celery_app.task(name=Job.HANDLE_WEBHOOKS)
def handle_webhooks() -> None:
    """Carry out a portion of what waits, and ring for the next."""
    if carry_out(PORTION) == PORTION:
        with transaction() as session:
            enqueue(session, Job.HANDLE_WEBHOOKS)


@celery_app.task(name=Job.SWEEP_WEBHOOKS)
def sweep_webhooks() -> None:
    """Ring for what waits: lost bells, killed workers, events that are tried again. Old bodies expire."""
    with transaction() as session:
        if not claim_tick(session, Job.SWEEP_WEBHOOKS, SWEEP_WEBHOOKS_SECONDS):
            return
        if waiting(session):
            enqueue(session, Job.HANDLE_WEBHOOKS)
        old = func.now() - timedelta(days=get_settings().webhook_bodies_kept_days)
        ended = WebhookEvent.state.not_in(["pending", "dead"]) & (WebhookEvent.received_at < old)
        session.execute(delete(WebhookEvent).where(ended))
        kept = (WebhookEvent.received_at < old) & WebhookEvent.body.is_not(None)
        session.execute(update(WebhookEvent).where(kept).values(body=None))
