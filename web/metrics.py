"""What Prometheus reads at /metrics. Labels are closed sets: no path, id or site ever becomes one."""

from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import bus
from core.models import Document, Handoff, Turn, WorkerBeat
from core.queue import QUEUES
from web.beats import ALIVE
from web.outgoing.gauges import measure_outbox

REQUESTS = Histogram(
    "handrail_request_seconds",
    "Time of HTTP requests until their answer is complete, by route and status class",
    ["route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
STREAMS = Gauge("handrail_open_streams", "Event streams that are open in this process")
STREAMS_REFUSED = Counter("handrail_streams_refused", "Event streams refused because a thread had too many")
TURNS = Gauge("handrail_turns", "Stored turns by outcome", ["outcome"])
QUEUE_DEPTH = Gauge("handrail_queue_depth", "Jobs that wait in a queue", ["queue"])
DOCUMENTS = Gauge("handrail_documents", "Documents by state", ["state"])
WAITING = Gauge("handrail_handoffs_open", "Conversations in the queue for a person or with one")
WORKERS = Gauge("handrail_workers_alive", "Worker processes seen in the last ten seconds")


def count_request(route: str, status: int, seconds: float) -> None:
    """Count one request; a stream's time is not a request's time and is left out."""
    if not route.endswith("/events"):
        REQUESTS.labels(route, f"{status // 100}xx").observe(seconds)


def route_name(scope: Any) -> str:
    """The route's pattern, never the path: what nobody serves is one label."""
    return str(getattr(scope.get("route"), "path", "unknown"))


def collect(session: Session) -> bytes:
    """Read the gauges that live in the database and Redis, then everything in Prometheus' text format."""
    _set(TURNS, session, Turn.outcome, "open")
    _set(DOCUMENTS, session, Document.state, "unknown")
    WAITING.set(session.scalar(select(func.count()).where(Handoff.closed_at.is_(None))) or 0)
    alive = select(func.count()).where(WorkerBeat.seen_at > func.now() - ALIVE)
    WORKERS.set(session.scalar(alive) or 0)
    _measure_queues()
    measure_outbox(session)
    return generate_latest(REGISTRY)


def _set(gauge: Gauge, session: Session, column: Any, nothing: str) -> None:
    gauge.clear()
    for value, count in session.execute(select(column, func.count()).group_by(column)):
        gauge.labels(value or nothing).set(count)


def _measure_queues() -> None:
    try:
        for queue in sorted(set(QUEUES.values())):
            QUEUE_DEPTH.labels(queue).set(int(bus.client().llen(queue)))
    except RedisError:
        QUEUE_DEPTH.clear()  # no figure is better than an old one
