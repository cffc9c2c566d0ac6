"""Who waits for a person, and who has whom: what the queue shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.sealing import places
from core.settings import Settings

SHOWN = 100  # of each kind; further ones are counted
WORDS_SHOWN = 200  # characters of what was said last

# `mine` first reads the partial index of open handoffs; each row then costs one look at its thread's last words.
ROWS = text("""
    WITH open AS (
        SELECT handoffs.*, threads.owner, threads.language, threads.channel, threads.visitor_id,
               row_number() OVER (
                   PARTITION BY CASE WHEN threads.owner IS NULL THEN 0 WHEN threads.owner = :me THEN 1 ELSE 2 END
                   ORDER BY CASE handoffs.priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'low' THEN 3 ELSE 2 END,
                            coalesce(handoffs.waits_since, handoffs.created_at), handoffs.number
               ) AS place
        FROM handoffs JOIN threads ON threads.id = handoffs.thread_id
        WHERE handoffs.closed_at IS NULL AND handoffs.site_id = ANY(:sites) AND NOT threads.trial
    )
    SELECT open.number, open.id AS handoff_id, open.thread_id, open.site_id, open.reason, open.priority, open.status,
           open.claimed_by, open.created_at, open.waits_since, open.owner, open.language, open.channel,
           visitors.verified_email, visitors.contact_email, sites.name AS site_name, sites.wait_minutes,
           last.role AS last_role, last.content AS last_words
    FROM open
    JOIN visitors ON visitors.id = open.visitor_id
    JOIN sites ON sites.id = open.site_id
    LEFT JOIN LATERAL (
        SELECT role, content FROM messages
        WHERE thread_id = open.thread_id AND role IN ('visitor', 'staff') ORDER BY position DESC LIMIT 1
    ) AS last ON true
    WHERE open.place <= :shown
    ORDER BY open.place
""")
COUNTS = text("""
    SELECT count(*) FILTER (WHERE threads.owner IS NULL) AS waiting,
           count(*) FILTER (WHERE threads.owner = :me) AS mine,
           count(*) FILTER (WHERE threads.owner <> :me) AS others
    FROM handoffs JOIN threads ON threads.id = handoffs.thread_id
    WHERE handoffs.closed_at IS NULL AND handoffs.site_id = ANY(:sites) AND NOT threads.trial
""")


@dataclass(frozen=True)
class Waiting:
    """One conversation in the queue. `due_at` is when the visitor is told that nobody came; None once somebody did."""

    number: int
    thread_id: UUID
    site_name: str
    reason: str
    priority: str
    status: str
    claimed_by: str | None
    owner: str | None
    since: datetime
    unanswered: bool
    due_at: datetime | None
    language: str
    channel: str
    verified_email: str | None
    contact_email: str | None
    last_role: str
    last_words: str


@dataclass(frozen=True)
class Queue:
    """Those without a person, one's own, and those that others have; and how many there are of each."""

    waiting: tuple[Waiting, ...]
    mine: tuple[Waiting, ...]
    others: tuple[Waiting, ...]
    counts: Any


def queue(session: Session, settings: Settings, sites: Sequence[str], me: str) -> Queue:
    """The queue of `sites`, as somebody sees it whose key is `me`."""
    asked = {"sites": list(sites), "me": me}
    rows = [_waiting(row, settings) for row in session.execute(ROWS, asked | {"shown": SHOWN})]
    return Queue(
        waiting=tuple(row for row in rows if row.owner is None),
        mine=tuple(row for row in rows if row.owner == me),
        others=tuple(row for row in rows if row.owner not in {None, me}),
        counts=session.execute(COUNTS, asked).one(),
    )


def _waiting(row: Any, settings: Settings) -> Waiting:
    since = row.waits_since or row.created_at
    minutes = settings.handoff_wait_minutes if row.wait_minutes is None else row.wait_minutes
    return Waiting(
        number=row.number,
        thread_id=row.thread_id,
        site_name=row.site_name,
        reason=places.REASON.open(row.thread_id, row.reason),
        priority=row.priority,
        status=row.status,
        claimed_by=row.claimed_by,
        owner=row.owner,
        since=since,
        unanswered=row.waits_since is not None,
        due_at=since + timedelta(minutes=minutes) if row.waits_since is not None else None,
        language=row.language,
        channel=row.channel,
        verified_email=row.verified_email,
        contact_email=row.contact_email,
        last_role=row.last_role or "",
        last_words=places.MESSAGE.open(row.thread_id, row.last_words or "")[:WORDS_SHOWN],
    )
