"""What Prometheus reads about the gateway."""

from prometheus_client import Gauge
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import WebhookEvent

STATES = ("pending", "dead")
EVENTS = Gauge(
    "handrail_webhook_events", "Events from other systems that wait, or that nobody could carry out", ["state"]
)
OLDEST = Gauge("handrail_webhook_oldest_seconds", "Age of the oldest event that waits; 0 where none does")


def measure_webhooks(session: Session) -> None:
    """Set the gauges."""
    wanted = select(WebhookEvent.state, func.count()).where(WebhookEvent.state.in_(STATES))
    counts = {row[0]: row[1] for row in session.execute(wanted.group_by(WebhookEvent.state))}
    for state in STATES:
        EVENTS.labels(state).set(counts.get(state, 0))
    age = func.extract("epoch", func.statement_timestamp() - func.min(WebhookEvent.received_at))
    OLDEST.set(float(session.scalar(select(age).where(WebhookEvent.state == "pending")) or 0))
