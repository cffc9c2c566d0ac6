"""What is read at the moment that Prometheus asks: from the database, from the queues, from the circuits."""

import json
import time
from collections import Counter as Tally
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from prometheus_client import REGISTRY, Gauge
from prometheus_client.core import CounterMetricFamily
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import bus
from core.models import Document, Handoff, Site, Turn, WorkerBeat
from core.queue import QUEUES
from core.settings import get_settings
from kb.documents import staging
from kb.documents.freshness import all_freshness
from orchestrator import budget, circuits
from orchestrator.resolution import STATES as RESOLUTIONS
from orchestrator.resolution import lately
from web.beats import ALIVE
from web.outgoing.gauges import measure_outbox
from web.resting import label, labels
from web.webhooks.gauges import measure_webhooks

TURNS = Gauge("handrail_turns", "Stored turns by outcome", ["outcome"])
TURN_AGE = Gauge("handrail_turns_oldest_waiting_seconds", "Age of the oldest turn that no worker has; 0: none waits")
QUEUE_DEPTH = Gauge("handrail_queue_depth", "Jobs that wait in a queue", ["queue"])
QUEUE_AGE = Gauge("handrail_queue_oldest_seconds", "Age of the job that has waited longest in a queue", ["queue"])
DOCUMENTS = Gauge("handrail_documents", "Documents by state", ["state"])
OLDEST = Gauge("handrail_documents_oldest_waiting_seconds", "Age of the oldest document that is to be read; 0: none")
UNVERIFIED = Gauge("handrail_documents_unverified", "Documents taken out that a search was not yet seen to miss")
CHANGES = Gauge("handrail_changes_waiting", "Changed documents behind gates: being tried, or for a person", ["state"])
CHANGE_AGE = Gauge("handrail_changes_oldest_waiting_seconds", "Age of the oldest of them; 0: none waits", ["state"])
INDEXES = Gauge("handrail_site_indexes", "Sites by the state of their index", ["state"])
INDEX_AGE = Gauge(
    "handrail_index_age_seconds", "Since a live document was last read, on the site where that is longest"
)
SWITCHING = Gauge("handrail_sites_switching_model", "Sites that are on their way to another embedding model")
WAITING = Gauge("handrail_handoffs_open", "Conversations in the queue for a person or with one")
HANDOFF_AGE = Gauge("handrail_handoffs_oldest_wait_seconds", "How long the visitor who waits longest for a person has")
DOLLARS = Gauge("handrail_model_dollars_today", "Money for models, reserved and spent on this day (UTC)", ["state"])
WORKERS = Gauge("handrail_workers_alive", "Worker processes seen in the last ten seconds")
CIRCUITS = Gauge("handrail_circuit_open", "Open circuits of a tool, a model, or a kind of destination", ["name"])
RESOLVED = Gauge(
    "handrail_conversations_week",
    "Conversations of the last seven days by how they were resolved; no trial of the judge's among them",
    ["resolution"],
)


class Openings:
    """How often circuits were opened, in all processes: the count lies in Redis."""

    name, labels = "handrail_circuits_opened", ("name",)

    def __init__(self) -> None:
        """Know of none yet."""
        self.counts: dict[str, int] = {}

    def collect(self) -> Iterator[CounterMetricFamily]:
        """As prometheus_client asks for it."""
        family = CounterMetricFamily(self.name, "Circuits opened since Redis was empty", labels=self.labels)
        for name, count in sorted(self.counts.items()):
            family.add_metric([name], count)
        yield family


OPENINGS = Openings()
REGISTRY.register(OPENINGS)


def measure(session: Session) -> None:
    """Set all of them."""
    _set(TURNS, session, Turn.outcome, "open")
    _set(DOCUMENTS, session, Document.state, "unknown")
    _measure_waits(session)
    _measure_knowledge(session)
    alive = select(func.count()).where(WorkerBeat.seen_at > func.now() - ALIVE)
    WORKERS.set(session.scalar(alive) or 0)
    _measure_queues()
    measure_outbox(session)
    measure_webhooks(session)
    for state, micro in zip(("reserved", "spent"), budget.today(session), strict=True):
        DOLLARS.labels(state).set(micro / budget.MICRO)
    _measure_circuits()
    found = lately(session)
    for state in RESOLUTIONS:
        RESOLVED.labels(state).set(found[state])


def _set(gauge: Gauge, session: Session, column: Any, nothing: str) -> None:
    gauge.clear()
    for value, count in session.execute(select(column, func.count()).group_by(column)):
        gauge.labels(value or nothing).set(count)


def _measure_waits(session: Session) -> None:
    WAITING.set(session.scalar(select(func.count()).where(Handoff.closed_at.is_(None))) or 0)
    HANDOFF_AGE.set(_age(session, Handoff.waits_since, Handoff.closed_at.is_(None)))
    unheld = Turn.ended_at.is_(None) & Turn.leased_until.is_(None) & func.jsonb_typeof(Turn.pending).is_not(None)
    TURN_AGE.set(_age(session, Turn.created_at, unheld))


def _age(session: Session, since: Any, which: Any) -> float:
    age = func.extract("epoch", func.clock_timestamp() - func.min(since))
    return max(float(session.scalar(select(age).where(which)) or 0), 0.0)


def _measure_knowledge(session: Session) -> None:
    states = all_freshness(session).values()
    counts = Tally(state.kind for state in states)
    for kind in ("ok", "stale", "empty"):
        INDEXES.labels(kind).set(counts[kind])
    now = datetime.now(UTC)
    since = min((state.waiting_since for state in states if state.waiting_since), default=None)
    OLDEST.set((now - since).total_seconds() if since else 0)
    read = min((state.newest_at for state in states if state.newest_at), default=None)
    INDEX_AGE.set(max((now - read).total_seconds(), 0) if read else 0)
    UNVERIFIED.set(session.scalar(select(func.count()).where(Document.probe != "")) or 0)
    for state, waiting in zip(("tried", "held"), staging.counted(session), strict=True):
        CHANGES.labels(state).set(waiting.changes)
        CHANGE_AGE.labels(state).set((now - waiting.since).total_seconds() if waiting.since else 0)
    SWITCHING.set(session.scalar(select(func.count()).where(Site.next_model_id.is_not(None))) or 0)


def _measure_queues() -> None:
    try:
        for queue in sorted(set(QUEUES.values())):
            QUEUE_DEPTH.labels(queue).set(int(bus.client().llen(queue)))
            QUEUE_AGE.labels(queue).set(_oldest(bus.client().lindex(queue, -1)))
    except RedisError:
        QUEUE_DEPTH.clear()  # no figure is better than an old one
        QUEUE_AGE.clear()


def _oldest(message: Any) -> float:
    """Seconds since the message was put there; 0 where there is none."""
    if not message:
        return 0.0
    rung_at = json.loads(message)["headers"].get("rung_at")
    return max(time.time() - float(rung_at), 0.0) if rung_at else 0.0


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
