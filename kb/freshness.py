"""How much a site knows, and how old that is: for readiness and for the search tool."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Document
from core.settings import get_settings


@dataclass(frozen=True)
class Freshness:
    """Documents by state. `newest_at` is when a live one was last read; `empty` and `stale` switch search off."""

    live: int
    failed: int
    queued: int
    newest_at: datetime | None
    stale: bool
    empty: bool


def freshness(session: Session, site_id: str, *, now: datetime | None = None) -> Freshness:
    """The freshness of `site_id`. Stale: nothing live was read for `index_stale_hours`."""
    counted = select(Document.state, func.count(), func.max(Document.checked_at)).where(Document.site_id == site_id)
    rows = {state: (count, newest) for state, count, newest in session.execute(counted.group_by(Document.state))}
    live, newest = rows.get("live", (0, None))
    waiting = sum(rows.get(state, (0, None))[0] for state in ("queued", "fetching", "extracting", "embedding"))
    oldest = (now or datetime.now(UTC)) - timedelta(hours=get_settings().index_stale_hours)
    stale = live > 0 and (newest is None or newest < oldest)
    return Freshness(live, rows.get("failed", (0, None))[0], waiting, newest, stale, empty=live == 0)
