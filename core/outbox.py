"""The outbox: what must leave for another service is written with the fact that it tells, and sent after the commit."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from core import tracing
from core.models import Outgoing, Site, Thread
from core.queue import Job, enqueue
from core.sealing.places import OUTBOX

# It travels in headers, and a signature joins it to a time with a full stop.
KEY = re.compile(r"[A-Za-z0-9:_-]{1,160}")


def put(
    session: Session,
    *,
    site_id: str,
    destination: str,
    kind: str,
    key: str,
    body: dict[str, Any],
    thread_id: UUID | None = None,
    where: ColumnElement[bool] | None = None,
    after_s: float = 0.0,
) -> bool:
    """Write `body` down to leave for `destination` ("notices:SITE") once `session` has committed; True where it is new.

    A `key` leaves once, however often it is put; the receiver knows it as the idempotency key. Nothing is put unless
    `where` holds, a condition on the site's row. One statement, which waits for nobody outside.
    `thread_id` is the thread that it tells of, if any: of a trial nothing leaves. It leaves after `after_s` seconds at
    the earliest.
    """
    if not KEY.fullmatch(key):
        raise ValueError(f"An outbox key has 1 to 160 letters, digits, `:`, `_` and `-`: {key!r}")
    row = {"key": key, "destination": destination, "kind": kind, "request_id": tracing.request_id()}
    due = func.now() + timedelta(seconds=after_s)
    said = (literal(thread_id, Uuid), literal(OUTBOX.seal(key, body), JSONB), due)
    values = select(Site.id, *map(literal, row.values()), *said).where(Site.id == site_id)
    values = values if where is None else values.where(where)
    if thread_id is not None:
        values = values.where(~select(Thread.id).where(Thread.id == thread_id, Thread.trial).exists())
    added = insert(Outgoing).from_select(["site_id", *row, "thread_id", "body", "due_at"], values)
    if session.scalar(added.on_conflict_do_nothing(index_elements=["key"]).returning(Outgoing.id)) is None:
        return False
    enqueue(session, Job.DELIVER)
    return True
