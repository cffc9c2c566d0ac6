"""The Celery app, the names of all jobs, and `enqueue`: the queue is a doorbell, the database is the truth."""

import json
import time
from base64 import b64encode
from collections.abc import Iterable
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import redis
from celery import Celery, signals
from kombu import Queue  # type: ignore[attr-defined]
from kombu.transport import TRANSPORT_ALIASES
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import bus, failpoints, tracing
from core.log import get_logger
from core.settings import get_settings

log = get_logger(__name__)


class Job(StrEnum):
    """Every job by name, so that a lower floor can ask for an upper one."""

    TAKE_TURN = "take_turn"  # chat queue: thread_id
    INDEX_DOCUMENT = "index_document"  # index queue: document_id
    VERIFY_REMOVED = "verify_removed"  # index queue: whichever documents were taken out
    REEMBED = "reembed"  # index queue: site_id
    TIDY_KNOWLEDGE = "tidy_knowledge"  # index queue: old vectors, old cache, old history
    MERGE_SEGMENTS = "merge_segments"  # index queue: audience_id
    INDEX_VECTORS = "index_vectors"  # index queue: audience_id, model_id
    READ_SITEMAP = "read_sitemap"  # index queue: sitemap_id
    SWEEP_TURNS = "sweep_turns"  # housekeeping
    SWEEP_DOCUMENTS = "sweep_documents"  # housekeeping
    SWEEP_SEGMENTS = "sweep_segments"  # housekeeping
    DELIVER = "deliver"  # housekeeping: one thing that must leave, whichever is due
    SWEEP_OUTBOX = "sweep_outbox"  # housekeeping
    SWEEP_TICKETS = "sweep_tickets"  # housekeeping
    HANDLE_WEBHOOKS = "handle_webhooks"  # housekeeping: whatever events wait
    SWEEP_WEBHOOKS = "sweep_webhooks"  # housekeeping
    KEEP_RETENTION = "keep_retention"  # housekeeping: whatever is older than its site keeps it
    PROBE_ERASED = "probe_erased"  # housekeeping: whatever was erased and not looked for yet


CLAIM_TICK = text("""
    INSERT INTO ticks (job, scheduled_for)
    VALUES (:job, to_timestamp(floor(extract(epoch FROM clock_timestamp()) / :period) * :period))
    ON CONFLICT DO NOTHING
""")
FORGET_TICKS = text("DELETE FROM ticks WHERE job = :job AND scheduled_for < now() - interval '1 hour'")

QUEUES = {
    Job.TAKE_TURN: "chat",
    Job.INDEX_DOCUMENT: "index",
    Job.VERIFY_REMOVED: "index",
    Job.REEMBED: "index",
    Job.TIDY_KNOWLEDGE: "index",
    Job.MERGE_SEGMENTS: "index",
    Job.INDEX_VECTORS: "index",
    Job.READ_SITEMAP: "index",
    Job.SWEEP_TURNS: "house",
    Job.SWEEP_DOCUMENTS: "house",
    Job.SWEEP_SEGMENTS: "house",
    Job.DELIVER: "house",
    Job.SWEEP_OUTBOX: "house",
    Job.SWEEP_TICKETS: "house",
    Job.HANDLE_WEBHOOKS: "house",
    Job.SWEEP_WEBHOOKS: "house",
    Job.KEEP_RETENTION: "house",
    Job.PROBE_ERASED: "house",
}

HEADERS: dict[str, Any] = {"parent_id": None, "group": None, "retries": 0, "eta": None, "expires": None} | {
    "timelimit": [None, None],
    "argsrepr": "()",
    "kwargsrepr": "{}",
    "ignore_result": True,
}


def broker_url(redis_url: str) -> str:
    """Celery's spelling of a redis-py URL: a Unix socket needs another scheme and another database key."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    return f"redis+socket://{parts.path}?virtual_host={parts.query.removeprefix('db=') or '0'}"


TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "core.doorbell:Transport"))


def _queue(name: str) -> Queue:
    return Queue(name)  # type: ignore[no-untyped-call]


def _make_app() -> Celery:
    app = Celery("handrail", task_cls="core.job:Task", set_as_current=True)
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_queues=[_queue(name) for name in sorted(set(QUEUES.values()))],
        task_routes={str(job): {"queue": name} for job, name in QUEUES.items()},
        # A lost doorbell is rung again by the sweep, so early acknowledgement is right: a doubled one is waste.
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_pool_limit=8,
        broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 1, "visibility_timeout": 3600},
        enable_utc=True,
        timezone="UTC",
    )
    return app


celery_app = _make_app()


@signals.before_task_publish.connect
def _label(headers: dict[str, Any], **_: Any) -> None:
    """What Celery sends, the scheduler's ticks, has the same headers as what we ring."""
    headers |= carried()


def carried() -> dict[str, Any]:
    """What a message tells beside its job: for which request it is, in which trace, and since when it lies there."""
    return tracing.carried() | {"rung_at": round(time.time(), 3)}


def connect() -> Celery:
    """Point the Celery app at the configured Redis; idempotent."""
    celery_app.conf.broker_url = broker_url(get_settings().redis_url)
    return celery_app


def enqueue(session: Session, job: Job, **ids: Any) -> None:
    """Ask for `job` once `session` has committed. Ids only: the job reads the rest from the database."""
    session.info.setdefault("jobs", []).append((job, {key: str(value) for key, value in ids.items()}))


def ring_all(jobs: Iterable[tuple[Job, dict[str, str]]]) -> None:
    """Ring for each job. A dead queue is logged, never raised: the sweep finds what is pending.

    Written into Redis as Celery's producer would write it: that one costs the API ten times as much per message.
    """
    asked = list(jobs)
    if not asked:
        return
    try:
        failpoints.reached("before RING")
        with bus.client().pipeline(transaction=False) as pipe:
            for job, ids in asked:
                pipe.lpush(QUEUES[job], envelope(job, ids))
            pipe.execute()
        failpoints.reached("after RING")
    except (redis.RedisError, OSError) as error:
        log.warning("bells_not_rung", jobs=[str(job) for job, _ in asked], cause=repr(error))


def envelope(job: Job, ids: dict[str, str]) -> str:
    """`job` as it lies in a queue: Celery's message (protocol 2) in Kombu's envelope for Redis."""
    id_ = str(uuid4())
    body = json.dumps([[], ids, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    message = {
        "body": b64encode(body.encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": str(job), "id": id_, "root_id": id_} | HEADERS | carried(),
        "properties": {
            "correlation_id": id_,
            "reply_to": "",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": QUEUES[job]},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": id_,
        },
    }
    return json.dumps(message)


def claim_tick(session: Session, job: Job, period_s: float) -> bool:
    """True for the one caller that may run this period's `job`, however often the scheduler ticked."""
    claimed = session.execute(CLAIM_TICK, {"job": str(job), "period": period_s}).rowcount  # type: ignore[attr-defined]
    session.execute(FORGET_TICKS, {"job": str(job)})
    return bool(claimed)
