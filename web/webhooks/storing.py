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
    RETURNING id
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
        leave(session)


def write(session: Session, events: Sequence[Received]) -> list[Stored | Unavailable]:
    """Store `events`, whose keys differ, each once, in their order; what became of each, in the same order."""
    added = _add(session, events, "pending")
    rest = [one for one in events if one.id not in added]
    settled = _settle(session, rest) if rest else {}
    return [Stored(one.id) if one.id in added else settled[key_of(one)] for one in events]


def key_of(one: Received) -> Key:
    """Two events of one key are the same event, or a conflict."""
    return one.source, one.site_id, one.event_id


def _settle(session: Session, events: Sequence[Received]) -> dict[Key, Stored | Unavailable]:
    """What has been there before: known; or, with another body than the first, a conflict, which is kept once."""
    known = _known(session, events)
    new = [one for one in events if known.get(key_of(one)) and one.body_hash not in known[key_of(one)]]
    added = _add(session, new, "conflict") if new else set()
    # Gone between two statements, or written by another process in between: when it is sent again, all is said.
    settled: dict[Key, Stored | Unavailable] = {
        key_of(one): Unavailable("The event could not be stored: send it again.") for one in events
    }
    for one in events:
        if one.id in added:
            settled[key_of(one)] = Stored(one.id, conflict=True)
        elif found := known.get(key_of(one), {}).get(one.body_hash):
            settled[key_of(one)] = Stored(found[0], known=not found[1], conflict=found[1])
    return settled


def _known(session: Session, events: Sequence[Received]) -> dict[Key, Bodies]:
    keys = [{"source": one.source, "site_id": one.site_id, "event_id": one.event_id} for one in events]
    known: dict[Key, Bodies] = {}
    for source, site, event, digest, id_, conflict in session.execute(KNOWN, {"events": json.dumps(keys)}):
        known.setdefault((source, site, event), {})[digest] = id_, conflict
    return known


def _add(session: Session, events: Sequence[Received], state: str) -> set[UUID]:
    return set(session.scalars(ADD, {"events": json.dumps([_row(one) for one in events]), "state": state}))


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
        "data": one.data,
        "body": b64encode(one.body).decode(),
        "occurred_at": one.occurred_at.isoformat(),
    }
