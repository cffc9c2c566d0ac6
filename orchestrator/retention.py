"""For how long a site keeps what: conversations since their last words, events, evidence, the audit log. Then it goes.

A conversation with an open ticket, one that waits for a person or has one, and one that is being answered is held until
that is over, however old it is. What goes is not told to anybody: the audit log keeps how much went.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, select, text
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import BadRequest
from core.log import get_logger
from core.models import Site
from core.queue import Job, enqueue
from core.settings import Settings
from orchestrator import audit
from orchestrator.erasing import erase_thread
from orchestrator.people import Person

log = get_logger(__name__)

KINDS = ("conversations", "events", "evidence", "audit")
OURSELVES = Person(None, "", "retention")
LONGEST = 36_500.0  # days
TOGETHER = 20  # conversations in one transaction, so that nobody waits long for one of them
ROWS = 2_000  # of anything else
RUN_S = 60.0  # of one run; the next one goes on

# A judge that was killed leaves its conversations behind: they go after a day.
HELD = """
    threads.status IN ('waiting', 'person')
    OR EXISTS (SELECT FROM tickets WHERE tickets.thread_id = threads.id AND tickets.status <> 'closed')
    OR EXISTS (SELECT FROM handoffs WHERE handoffs.thread_id = threads.id AND handoffs.closed_at IS NULL)
    OR EXISTS (SELECT FROM turns WHERE turns.thread_id = threads.id AND turns.ended_at IS NULL)
"""
OLD = """
    threads.site_id = :site_id AND (
        threads.created_at < now() - make_interval(secs => :seconds) AND coalesce(
            (SELECT created_at FROM messages WHERE messages.thread_id = threads.id ORDER BY position DESC LIMIT 1),
            threads.created_at
        ) < now() - make_interval(secs => :seconds)
        OR threads.trial AND threads.created_at < now() - interval '1 day'
    )
"""
GOING = f"({OLD}) AND (threads.trial OR NOT ({HELD}))"
DUE = text(
    f"SELECT id FROM threads WHERE {GOING} ORDER BY id LIMIT :most FOR UPDATE OF threads SKIP LOCKED"  # noqa: S608
)
# Asked again under their locks: whoever writes to a conversation holds its lock, so by now all of it is seen.
STILL_DUE = text(f"SELECT id FROM threads WHERE id = ANY(:ids) AND {GOING} ORDER BY id")  # noqa: S608
COUNTED = text(
    f"SELECT count(*) FILTER (WHERE NOT ({HELD})) AS due, count(*) FILTER (WHERE {HELD}) AS held "  # noqa: S608
    f"FROM threads WHERE {OLD} AND NOT threads.trial"
)
# Of whom no conversation is left. One may begin at this moment: its row holds the visitor's, so it is seen after that.
LOCK_VISITORS = text("""
    SELECT id FROM visitors
    WHERE site_id = :site_id AND created_at < now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM threads WHERE threads.visitor_id = visitors.id)
    ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
""")
FORGET_VISITORS = text("""
    DELETE FROM visitors
    WHERE id = ANY(:ids) AND NOT EXISTS (SELECT FROM threads WHERE threads.visitor_id = visitors.id)
""")
OTHERS = {
    "events": (
        """DELETE FROM webhook_events WHERE id IN (
               SELECT id FROM webhook_events WHERE site_id = :site_id AND state <> 'pending'
                   AND received_at < now() - make_interval(secs => :seconds) LIMIT :most)""",
        """DELETE FROM outbox WHERE id IN (
               SELECT id FROM outbox WHERE site_id = :site_id AND state <> 'pending'
                   AND created_at < now() - make_interval(secs => :seconds) LIMIT :most)""",
    ),
    "evidence": (
        """DELETE FROM evidence WHERE message_id IN (
               SELECT evidence.message_id FROM evidence JOIN turns ON turns.id = evidence.turn_id
               WHERE turns.site_id = :site_id AND evidence.created_at < now() - make_interval(secs => :seconds)
               LIMIT :most)""",
    ),
    "audit": (
        """DELETE FROM audit_log WHERE id IN (
               SELECT id FROM audit_log WHERE site_id = :site_id
                   AND at < now() - make_interval(secs => :seconds) LIMIT :most)""",
    ),
}
# What belongs to no site (logins, accounts) is kept as long as the settings say.
AUDIT_OF_NO_SITE = text("""
    DELETE FROM audit_log WHERE id IN (
        SELECT id FROM audit_log WHERE site_id IS NULL AND at < now() - make_interval(secs => :seconds) LIMIT :most)
""")
# Something may have been under way still when it was looked for: it is looked for again while it is young.
LOOK_AGAIN = text("""
    UPDATE erasures SET probe = NULL
    WHERE erased_at > now() - interval '7 days' AND jsonb_array_length(probe -> 'found') > 0
""")


@dataclass(frozen=True)
class Waiting:
    """Conversations that are old enough: `due` go with the next run, `held` when what holds them is over."""

    due: int
    held: int


def periods(own: Mapping[str, Any], settings: Settings) -> dict[str, float]:
    """Days by kind, 0 for ever: what the site says, else what the settings say."""
    return {kind: float(own.get(kind, getattr(settings, f"retention_{kind}_days"))) for kind in KINDS}


def checked(kind: str, given: str) -> float | None:
    """Days as somebody wrote them: "90", "forever"; None for "default". Raises BadRequest."""
    match given.strip().lower():
        case "default":
            return None
        case "forever":
            return 0.0
        case plain if plain.isascii() and plain.isdigit() and int(plain[:9]) <= LONGEST:
            return float(plain)
    raise BadRequest(f"For {kind}, give whole days (0 to {LONGEST:.0f}), `forever`, or `default`; not {given!r}.")


def waiting(session: Session, site_id: str, days: float) -> Waiting:
    """What a period of so many days would take now."""
    if not days:
        return Waiting(0, 0)
    row = session.execute(COUNTED, {"site_id": site_id, "seconds": _seconds(days)}).one()
    return Waiting(row.due, row.held)


def keep(settings: Settings, *, run_s: float = RUN_S) -> dict[str, dict[str, int]]:
    """Delete what is older than its site keeps it: how many of each kind, by site. What is left comes next time."""
    until = time.monotonic() + run_s
    with transaction() as session:
        sites = [(row.id, periods(row.retention, settings)) for row in session.scalars(select(Site).order_by(Site.id))]
        session.execute(LOOK_AGAIN)
    gone = {site_id: dict(_site(site_id, days, until)) for site_id, days in sites}
    if settings.retention_audit_days:
        with transaction() as session:
            session.execute(AUDIT_OF_NO_SITE, _limits("", settings.retention_audit_days))
    _note({site_id: counts for site_id, counts in gone.items() if counts}, again=time.monotonic() > until)
    return gone


def _site(site_id: str, days: Mapping[str, float], until: float) -> Iterator[tuple[str, int]]:
    """What goes of one site, by kind."""
    for kind in KINDS:
        count = 0
        # Conversations of the judge's go also where all others are kept for ever.
        while (kind == "conversations" or days[kind]) and time.monotonic() < until:
            some = _conversations(site_id, days[kind]) if kind == "conversations" else _rows(site_id, kind, days[kind])
            count += some
            if not some:
                break
        if count:
            yield kind, count


def _conversations(site_id: str, days: float) -> int:
    limits = _limits(site_id, days or LONGEST) | {"most": TOGETHER}
    with transaction() as session:
        ids = list(session.scalars(DUE, limits))
        going = list(session.scalars(STILL_DUE, {"ids": ids} | limits)) if ids else []
        for thread_id in going:
            erase_thread(session, thread_id, cases=False)
    if going:
        with transaction() as session:
            alone = list(session.scalars(LOCK_VISITORS, {"site_id": site_id, "most": ROWS}))
            session.execute(FORGET_VISITORS, {"ids": alone})
    return len(going)


def _rows(site_id: str, kind: str, days: float) -> int:
    with transaction() as session:
        done = [session.execute(text(each), _limits(site_id, days)) for each in OTHERS[kind]]
    return sum(cast("CursorResult[Any]", each).rowcount for each in done)


def _limits(site_id: str, days: float) -> dict[str, Any]:
    return {"site_id": site_id, "seconds": _seconds(days), "most": ROWS}


def _seconds(days: float) -> float:
    return days * 86_400.0


def _note(gone: Mapping[str, Mapping[str, int]], *, again: bool) -> None:
    with transaction() as session:
        for site_id, counts in gone.items():
            audit.note(session, OURSELVES, "data.expired", f"site:{site_id}", site_id, details=counts)
            log.info("data_expired", site=site_id, **counts)
        if again:
            enqueue(session, Job.KEEP_RETENTION, again=1)
