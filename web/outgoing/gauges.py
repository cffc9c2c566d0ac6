"""What Prometheus reads about the outbox."""

from prometheus_client import Gauge
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Outgoing

STATES = ("pending", "sent", "dead")
OUTBOX = Gauge("handrail_outbox", "Things in the outbox by state; what was sent is kept for some days", ["state"])
OLDEST = Gauge("handrail_outbox_oldest_seconds", "Age of the oldest thing that has not left yet; 0 where all has")


def measure_outbox(session: Session) -> None:
    """Set the gauges."""
    rows = session.execute(select(Outgoing.state, func.count()).group_by(Outgoing.state))
    counts = {row[0]: row[1] for row in rows}
    for state in STATES:
        OUTBOX.labels(state).set(counts.get(state, 0))
    age = func.extract("epoch", func.statement_timestamp() - func.min(Outgoing.created_at))
    OLDEST.set(float(session.scalar(select(age).where(Outgoing.state == "pending")) or 0))
