"""Writing events: a batch in one statement that commits itself, each event once; what came before is told apart."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.db import leave, reading
from core.errors import Unavailable
from core.models.sealed import sealed_bytes
from core.sealing.places import CAME, TOLD
from web.webhooks.received import Received, Stored

# One document instead of an array for each column: it is built in C, and costs a quarter of twelve arrays.
ADD = text("""
    INSERT INTO webhook_events
        (id, source, site_id, event_id, body_hash, subject, action, actor, data, body, occurred_at, state)
    SELECT id, source, site_id, event_id, body_hash, subject, action, actor, data, decode(body, 'base64'), occurred_at,
        :state
    FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS new (
        id uuid, source varchar, site_id varchar, event_id varchar, body_hash varchar, subject varchar, action varchar,
        actor varchar, data jsonb, body text, occurred_at timestamptz
    )
    ON CONFLICT DO NOTHING
""")
KNOWN = text("""
    SELECT source, site_id, event_id, body_hash, id, state = 'conflict' FROM webhook_events
    JOIN jsonb_to_recordset(CAST(:events AS jsonb)) AS new (source varchar, site_id varchar, event_id varchar)
        USING (source, site_id, event_id)
""")
WAITING = text("SELECT count(*) FROM (SELECT FROM webhook_events WHERE state = 'pending' LIMIT :most) AS waiting")

Key = tuple[str, str, str]
Bodies = dict[str, tuple[UUID, bool]]
"""What is stored under one key: by the body's hash its id, and whether it is a conflict."""


@contextmanager
def storing() -> Iterator[Session]:
    """Each statement is a transaction of its own: no BEGIN and no COMMIT is waited for."""
    with reading() as session:
        yield session
        session.commit()  # says nothing to the server; it ends the savepoint of a test's outer transaction
        leave(session)


def write(session: Session, events: Sequence[Received]) -> list[Stored | Unavailable]:
    """Store `events`, whose keys differ, each once, in their order; what became of each, in the same order."""
    if _add(session, events, "pending") == len(events):
        return [Stored(one.id) for one in events]
    known = _known(session, events)
    conflicts = [one for one in events if (bodies := known.get(key_of(one))) and one.body_hash not in bodies]
    if conflicts:
        _add(session, conflicts, "conflict")
        known = _known(session, events)
    return [_settled(one, known) for one in events]


def key_of(one: Received) -> Key:
    """Two events of one key are the same event, or a conflict."""
    return one.source, one.site_id, one.event_id


def _settled(one: Received, known: "dict[Key, Bodies]") -> Stored | Unavailable:
    found = known.get(key_of(one), {}).get(one.body_hash)
    if found is None:  # gone between two statements: when it is sent again, it is new
        return Unavailable("The event could not be stored: send it again.")
    id_, conflict = found
    return Stored(id_, known=id_ != one.id and not conflict, conflict=conflict)


def _known(session: Session, events: Sequence[Received]) -> dict[Key, Bodies]:
    keys = [{"source": one.source, "site_id": one.site_id, "event_id": one.event_id} for one in events]
    known: dict[Key, Bodies] = {}
    for source, site, event, digest, id_, conflict in session.execute(KNOWN, {"events": json.dumps(keys)}):
        known.setdefault((source, site, event), {})[digest] = id_, conflict
    return known


def _add(session: Session, events: Sequence[Received], state: str) -> int:
    rows = json.dumps([_row(one) for one in events])
    result: Any = session.execute(ADD, {"events": rows, "state": state})
    return int(result.rowcount)


def _row(one: Received) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "source": one.source,
        "site_id": one.site_id,
        "event_id": one.event_id,
        "body_hash": one.body_hash,
        "subject": one.subject,
        "action": one.action,
        "actor": one.actor,
        "data": TOLD.seal(one.id, one.data),
        "body": b64encode(sealed_bytes(CAME, one.id, one.body)).decode(),
        "occurred_at": one.occurred_at.isoformat(),
    }
