"""How much a site knows, and how old that is: for readiness, for metrics and for the search tool."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from core.direct import Statement
from core.settings import get_settings

COUNT = """
    SELECT sites.id, documents.state, count(documents.id) AS count, max(documents.checked_at) AS newest,
           min(documents.due_at) AS due
    FROM sites LEFT JOIN documents ON documents.site_id = sites.id {where}
    GROUP BY sites.id, documents.state
"""
ALL, ONE = Statement(COUNT.format(where="")), Statement(COUNT.format(where="WHERE sites.id = :site_id"))
WAITING = ("queued", "fetching", "extracting", "embedding")


@dataclass(frozen=True)
class Freshness:
    """Documents by state. `newest_at` is when a live one was last read; `empty` and `stale` switch search off."""

    live: int
    failed: int
    queued: int
    newest_at: datetime | None
    stale: bool
    empty: bool
    states: Mapping[str, int] = field(default_factory=dict)
    waiting_since: datetime | None = None  # since when the oldest document waits to be read

    @property
    def kind(self) -> str:
        """One word: ok, stale or empty."""
        return "empty" if self.empty else "stale" if self.stale else "ok"


def freshness(session: Session, site_id: str, *, now: datetime | None = None) -> Freshness:
    """The freshness of `site_id`. Stale: nothing live was read for `index_stale_hours`."""
    return all_freshness(session, site_id, now=now).get(site_id) or _judged({}, now)


def all_freshness(session: Session, site_id: str | None = None, *, now: datetime | None = None) -> dict[str, Freshness]:
    """The freshness of each site by its id, in one statement; of one alone where `site_id` is given."""
    counted = ALL.rows(session) if site_id is None else ONE.rows(session, site_id=site_id)
    sites: dict[str, dict[str, Any]] = {}
    for site, state, count, newest, due in counted:
        sites.setdefault(site, {}).update({state: (count, newest, due)} if state else {})
    return {site: _judged(rows, now) for site, rows in sorted(sites.items())}


def _judged(rows: Mapping[str, Any], now: datetime | None) -> Freshness:
    now = now or datetime.now(UTC)
    live, newest, _ = rows.get("live", (0, None, None))
    waiting = [row for state, row in rows.items() if state in WAITING]
    dues = [due for _, _, due in rows.values() if due is not None and due <= now]
    stale = live > 0 and (newest is None or newest < now - timedelta(hours=get_settings().index_stale_hours))
    return Freshness(
        live,
        rows.get("failed", (0, None, None))[0],
        sum(count for count, _, _ in waiting),
        newest,
        stale,
        empty=live == 0,
        states={state: row[0] for state, row in sorted(rows.items())},
        waiting_since=min(dues, default=None),
    )
