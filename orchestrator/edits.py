"""What staff made of drafts: the words that they changed, and the drafts that they refused. Material to judge by.

It stands in the journals already, so it goes with them when a visitor's data is deleted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.sealing import places

EDITS = text("""
    SELECT turns.id AS turn_id, turns.thread_id, turns.site_id, decided.recorded_at AS at, decided.event, held.effect,
           (SELECT coalesce(array_agg(content ORDER BY position), '{}') FROM messages
            WHERE turn_id = turns.id AND role = 'visitor') AS asked
    FROM turn_events AS decided
    JOIN turns ON turns.id = decided.turn_id
    CROSS JOIN LATERAL (
        SELECT effect
        FROM turn_events AS earlier, jsonb_array_elements(earlier.effects) AS effect
        WHERE earlier.turn_id = decided.turn_id AND earlier.seq < decided.seq AND effect ->> 'type' = 'HoldForReview'
        ORDER BY earlier.seq DESC LIMIT 1
    ) AS held
    WHERE decided.event ->> 'type' IN ('DraftApproved', 'DraftRefused')
        AND (CAST(:site_id AS text) IS NULL OR turns.site_id = :site_id)
        AND (CAST(:since AS timestamptz) IS NULL OR decided.recorded_at >= :since)
    ORDER BY decided.recorded_at
""")


@dataclass(frozen=True)
class Edit:
    """A draft that went out in other words (`sent`), or not at all (`sent` is None, and `reason` says why)."""

    turn_id: UUID
    site_id: str
    at: datetime
    person: str
    asked: str
    draft: str
    sent: str | None
    reason: str


def edits(session: Session, site_id: str | None = None, since: datetime | None = None) -> Iterator[Edit]:
    """Every draft that staff did not let go as it was, the oldest first."""
    for row in session.execute(EDITS, {"site_id": site_id, "since": since}):
        said, held = places.EVENT.open(row.turn_id, row.event), places.EFFECTS.open(row.turn_id, row.effect)
        sent, reason, draft = said.get("text"), said.get("reason", ""), held["text"]
        asked = "\n".join(places.MESSAGE.open(row.thread_id, words) for words in row.asked)
        if sent != draft:
            yield Edit(row.turn_id, row.site_id, row.at, said["person"], asked, draft, sent, reason)
