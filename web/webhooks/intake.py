"""Storing what comes in: whoever arrives while one commit is under way shares the next one.

A commit waits for the disk; hundreds of events that come together wait once. Each is answered only after the commit
that holds it.
"""

import asyncio
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import HandrailError, Unavailable
from core.log import get_logger
from core.queue import Job, enqueue
from web.webhooks.received import Received, Stored, TooManyWaiting

log = get_logger(__name__)

TOGETHER = 256  # events in one commit
LOOK_SECONDS = 1.0  # between two counts of what waits
PATIENCE_SECONDS = 4.0  # that a sender is kept; then it is told to come again

ADD = text("""
    INSERT INTO webhook_events
        (id, source, site_id, event_id, body_hash, subject, action, actor, data, body, occurred_at, state)
    SELECT id, source, site_id, event_id, body_hash, subject, action, actor, CAST(data AS jsonb), body, occurred_at,
        state
    FROM unnest(
        CAST(:id AS uuid[]), CAST(:source AS varchar[]), CAST(:site_id AS varchar[]), CAST(:event_id AS varchar[]),
        CAST(:body_hash AS varchar[]), CAST(:subject AS varchar[]), CAST(:action AS varchar[]),
        CAST(:actor AS varchar[]), CAST(:data AS text[]), CAST(:body AS bytea[]), CAST(:occurred_at AS timestamptz[]),
        CAST(:state AS varchar[])
    ) AS new (id, source, site_id, event_id, body_hash, subject, action, actor, data, body, occurred_at, state)
    ON CONFLICT DO NOTHING
    RETURNING id
""")
FIRST = text("""
    SELECT source, site_id, event_id, id, body_hash FROM webhook_events
    WHERE state <> 'conflict' AND event_id = ANY(CAST(:event_id AS varchar[]))
""")
WAITING = text("SELECT count(*) FROM (SELECT FROM webhook_events WHERE state = 'pending' LIMIT :most) AS waiting")


@dataclass(eq=False)
class _Waiting:
    received: Received
    answer: "asyncio.Future[Stored]"
    loop: asyncio.AbstractEventLoop


class Intake:
    """One writer thread of this process.

    `most_waiting` events may wait in the database; a sender is kept for `patience` seconds at the most.
    """

    def __init__(self, most_waiting: int, patience: float = PATIENCE_SECONDS) -> None:
        """Not started yet."""
        self._most, self._patience = most_waiting, patience
        self._queue: list[_Waiting] = []
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ended = False
        self._full = False
        self._looked = float("-inf")

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._write_on, name="webhook-intake", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is there, then end."""
        with self._ready:
            self._ended = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join(timeout=10)

    async def store(self, received: Received) -> Stored:
        """Keep `received`; returns after the commit. Raises TooManyWaiting or Unavailable."""
        if self._full:
            raise TooManyWaiting(retry_after_s=30)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(received, loop.create_future(), loop)
        with self._ready:
            self._queue.append(waiting)
            self._ready.notify()
        try:
            return await asyncio.wait_for(waiting.answer, self._patience)
        except TimeoutError:
            raise Unavailable("The event could not be stored in time: send it again.") from None

    def _write_on(self) -> None:
        while batch := self._take():
            try:
                done = self._write([waiting.received for waiting in batch])
            except (OperationalError, NoConnection, HandrailError, OSError) as error:
                log.warning("webhooks_not_stored", count=len(batch), cause=type(error).__name__)
                _tell(batch, Unavailable("The database is away: send this event again."))
            except Exception:
                log.exception("webhook_intake_broke")
                _tell(batch, HandrailError())
            else:
                _tell(batch, done)

    def _take(self) -> list[_Waiting]:
        with self._ready:
            self._ready.wait_for(lambda: self._queue or self._ended)
            batch: list[_Waiting] = []
            rest: list[_Waiting] = []
            ids: set[tuple[str, str, str]] = set()
            for waiting in self._queue:
                key = _key(waiting.received)
                # Two bodies under one id: the second is written after the first, to be known as a conflict.
                if key in ids or len(batch) == TOGETHER:
                    rest.append(waiting)
                else:
                    ids.add(key)
                    batch.append(waiting)
            self._queue = rest
            return batch

    def _write(self, events: Sequence[Received]) -> list[Stored]:
        with transaction() as session:
            stored = write(session, events)
            self._look(session)
            if any(not one.known and not one.conflict for one in stored):
                enqueue(session, Job.HANDLE_WEBHOOKS)
        return stored

    def _look(self, session: Session) -> None:
        if time.monotonic() - self._looked > LOOK_SECONDS:
            count = session.scalars(WAITING, {"most": self._most}).one()
            self._full, self._looked = count >= self._most, time.monotonic()


def write(session: Session, events: Sequence[Received]) -> list[Stored]:
    """Store `events`, whose ids differ, each once; in their order."""
    added = set(session.scalars(ADD, _columns(events, "pending")))
    if len(added) == len(events):
        return [Stored(one.id) for one in events]
    rest = [one for one in events if one.id not in added]
    first = _first(session, rest)
    conflicts = [one for one in rest if first[_key(one)][1] != one.body_hash]
    if conflicts:
        session.execute(ADD, _columns(conflicts, "conflict"))
    clashing = {one.id for one in conflicts}
    return [
        Stored(one.id)
        if one.id in added
        else Stored(first[_key(one)][0], known=one.id not in clashing, conflict=one.id in clashing)
        for one in events
    ]


def _first(session: Session, events: Sequence[Received]) -> dict[tuple[str, str, str], tuple[UUID, str]]:
    rows = session.execute(FIRST, {"event_id": [one.event_id for one in events]})
    return {(source, site, event): (id_, digest) for source, site, event, id_, digest in rows}


def _key(one: Received) -> tuple[str, str, str]:
    return one.source, one.site_id, one.event_id


def _columns(events: Sequence[Received], state: str) -> dict[str, list[object]]:
    plain = ("id", "source", "site_id", "event_id", "body_hash", "subject", "action", "actor", "body", "occurred_at")
    columns: dict[str, list[object]] = {name: [getattr(one, name) for one in events] for name in plain}
    return columns | {"data": [json.dumps(one.data) for one in events], "state": [state] * len(events)}


def _tell(batch: Sequence[_Waiting], result: "Sequence[Stored] | HandrailError") -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Stored | HandrailError]]] = {}
    for at, waiting in enumerate(batch):
        one = result if isinstance(result, HandrailError) else result[at]
        by_loop.setdefault(waiting.loop, []).append((waiting, one))
    for loop, told in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, told)


def _settle(told: Sequence[tuple[_Waiting, Stored | HandrailError]]) -> None:
    for waiting, one in told:
        if waiting.answer.done():
            continue
        if isinstance(one, HandrailError):
            waiting.answer.set_exception(one)
        else:
            waiting.answer.set_result(one)
