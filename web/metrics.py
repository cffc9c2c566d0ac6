"""What Prometheus reads at /metrics. Labels are closed sets: no path, id or site ever becomes one."""

from collections import Counter as Tally
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import bus
from core.models import Document, Handoff, Site, Turn, WorkerBeat
from core.queue import QUEUES
from core.settings import get_settings
from kb.documents.freshness import all_freshness
from orchestrator import budget, circuits
from web.beats import ALIVE
from web.outgoing.gauges import measure_outbox
from web.resting import label, labels
from web.webhooks.gauges import measure_webhooks

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
OLDEST = Gauge("handrail_documents_oldest_waiting_seconds", "Age of the oldest document that is to be read; 0: none")
UNVERIFIED = Gauge("handrail_documents_unverified", "Documents taken out that a search was not yet seen to miss")
INDEXES = Gauge("handrail_site_indexes", "Sites by the state of their index", ["state"])
SWITCHING = Gauge("handrail_sites_switching_model", "Sites that are on their way to another embedding model")
WAITING = Gauge("handrail_handoffs_open", "Conversations in the queue for a person or with one")
DOLLARS = Gauge("handrail_model_dollars_today", "Money for models, reserved and spent on this day (UTC)", ["state"])
WORKERS = Gauge("handrail_workers_alive", "Worker processes seen in the last ten seconds")
CIRCUITS = Gauge("handrail_circuit_open", "Open circuits of a tool, a model, or a kind of destination", ["name"])


class Openings:
    """How often circuits were opened, in all processes: the count lies in Redis."""

    def __init__(self) -> None:
        """Know of none yet."""
        self.counts: dict[str, int] = {}

    def collect(self) -> Iterator[CounterMetricFamily]:
        """As prometheus_client asks for it."""
        family = CounterMetricFamily(
            "handrail_circuits_opened", "Circuits opened since Redis was empty", labels=["name"]
        )
        for name, count in sorted(self.counts.items()):
            family.add_metric([name], count)
        yield family


OPENINGS = Openings()
REGISTRY.register(OPENINGS)


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
    _measure_knowledge(session)
    WAITING.set(session.scalar(select(func.count()).where(Handoff.closed_at.is_(None))) or 0)
    alive = select(func.count()).where(WorkerBeat.seen_at > func.now() - ALIVE)
    WORKERS.set(session.scalar(alive) or 0)
    _measure_queues()
    measure_outbox(session)
    measure_webhooks(session)
    for state, micro in zip(("reserved", "spent"), budget.today(session), strict=True):
        DOLLARS.labels(state).set(micro / budget.MICRO)
    _measure_circuits()
    return generate_latest(REGISTRY)


def _set(gauge: Gauge, session: Session, column: Any, nothing: str) -> None:
    gauge.clear()
    for value, count in session.execute(select(column, func.count()).group_by(column)):
        gauge.labels(value or nothing).set(count)


def _measure_knowledge(session: Session) -> None:
    states = all_freshness(session).values()
    counts = Tally(state.kind for state in states)
    for kind in ("ok", "stale", "empty"):
        INDEXES.labels(kind).set(counts[kind])
    since = min((state.waiting_since for state in states if state.waiting_since), default=None)
    OLDEST.set((datetime.now(UTC) - since).total_seconds() if since else 0)
    UNVERIFIED.set(session.scalar(select(func.count()).where(Document.probe != "")) or 0)
    SWITCHING.set(session.scalar(select(func.count()).where(Site.next_model_id.is_not(None))) or 0)


def _measure_queues() -> None:
    try:
        for queue in sorted(set(QUEUES.values())):
            QUEUE_DEPTH.labels(queue).set(int(bus.client().llen(queue)))
    except RedisError:
        QUEUE_DEPTH.clear()  # no figure is better than an old one


def _measure_circuits() -> None:
    CIRCUITS.clear()
    for name, count in _by_label(dict.fromkeys(circuits.resting(), 1)).items():
        CIRCUITS.labels(name).set(count)
    OPENINGS.counts = _by_label(circuits.opened())


def _by_label(counts: dict[str, int]) -> dict[str, int]:
    """Sums under the closed set of labels, in which whatever is in use stands with 0 at least."""
    settings = get_settings()
    sums = Tally(dict.fromkeys(labels(settings), 0))
    for name, count in counts.items():
        sums[label(name, settings)] += count
    return sums
