"""The figures of one day (UTC) on some sites: conversations, answers, people, tickets, thumbs, money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from orchestrator.resolution import Resolution, between

TURNS = text("""
    SELECT coalesce(outcome, 'open') AS outcome, count(*) AS count,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - created_at))::float AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - created_at))::float AS p95
    FROM turns WHERE created_at >= :since AND created_at < :until AND site_id = ANY(:sites)
        AND thread_id NOT IN (SELECT id FROM threads WHERE trial)
    GROUP BY 1 ORDER BY 2 DESC
""")
THREADS = text("""
    SELECT count(*) AS count, count(DISTINCT visitor_id) AS visitors FROM threads
    WHERE site_id = ANY(:sites) AND created_at >= :since AND created_at < :until AND NOT trial
""")
HANDOFFS = text("""
    SELECT count(*) AS opened, count(claimed_at) AS claimed, count(*) FILTER (WHERE status = 'resolved') AS resolved,
           count(*) FILTER (WHERE status = 'returned') AS returned,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM claimed_at - created_at))::float AS wait_p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM claimed_at - created_at))::float AS wait_p95
    FROM handoffs WHERE site_id = ANY(:sites) AND created_at >= :since AND created_at < :until
        AND thread_id NOT IN (SELECT id FROM threads WHERE trial)
""")
TICKETS = text("""
    SELECT count(*) AS opened, count(*) FILTER (WHERE status IN ('solved', 'closed')) AS solved,
           count(*) FILTER (WHERE replied_at > due_at OR (replied_at IS NULL AND due_at < now())) AS late
    FROM tickets WHERE site_id = ANY(:sites) AND created_at >= :since AND created_at < :until
        AND thread_id NOT IN (SELECT id FROM threads WHERE trial)
""")
THUMBS = text("""
    SELECT count(*) FILTER (WHERE thumbs = 'up') AS up, count(*) FILTER (WHERE thumbs = 'down') AS down
    FROM feedback JOIN messages ON messages.id = feedback.message_id JOIN threads ON threads.id = messages.thread_id
    WHERE feedback.created_at >= :since AND feedback.created_at < :until AND threads.site_id = ANY(:sites)
""")
SPENT = text("""
    SELECT coalesce(sum(spent_micro), 0)::float / 1e6 AS dollars FROM spend WHERE day = :day AND scope = ANY(:scopes)
""")
LAST_DAYS = text("""
    SELECT day.at::date AS day,
           (SELECT count(*) FROM unnest(CAST(:sites AS text[])) AS site (id) CROSS JOIN LATERAL (
               SELECT 1 FROM threads
               WHERE threads.site_id = site.id AND created_at >= day.at AND created_at < day.at + interval '1 day'
                   AND NOT trial
            ) AS one) AS threads
    FROM generate_series(CAST(:first AS timestamptz), CAST(:since AS timestamptz), interval '1 day') AS day (at)
    ORDER BY day.at
""")
DAYS = 14


@dataclass(frozen=True)
class Day:
    """What one day was like. Waits and times are seconds."""

    turns: Sequence[Any]
    threads: Any
    handoffs: Any
    tickets: Any
    thumbs: Any
    dollars: float
    days: Sequence[Any]
    resolved: Mapping[Resolution, int]

    @property
    def judged(self) -> int:
        """Conversations that are over."""
        return sum(self.resolved.values()) - self.resolved[Resolution.OPEN]

    @property
    def answered(self) -> int:
        """Turns that ended in an answer."""
        return sum(row.count for row in self.turns if row.outcome == "answered")

    @property
    def asked(self) -> int:
        """Turns in all."""
        return sum(row.count for row in self.turns)


def figures(session: Session, sites: Sequence[str], day: date) -> Day:
    """Count, on `sites`, what happened on `day`."""
    since = datetime.combine(day, time(), UTC)
    told: Mapping[str, Any] = {
        "sites": list(sites),
        "since": since,
        "until": since + timedelta(days=1),
        "first": since - timedelta(days=DAYS - 1),
        "day": day,
        "scopes": [f"site:{site}" for site in sites],
    }
    return Day(
        turns=session.execute(TURNS, told).all(),
        threads=session.execute(THREADS, told).one(),
        handoffs=session.execute(HANDOFFS, told).one(),
        tickets=session.execute(TICKETS, told).one(),
        thumbs=session.execute(THUMBS, told).one(),
        dollars=session.execute(SPENT, told).scalar_one(),
        days=session.execute(LAST_DAYS, told).all(),
        resolved=between(session, since, told["until"], sites),
    )
