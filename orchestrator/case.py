"""What a turn is about: who asks, where, and what is switched on there. Read once, under the thread's lock."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.direct import Statement
from core.models import Thread
from tools.tool import Caller

# Only the thread is locked: whoever changes a turn holds its thread first, and sites are shared by all of theirs.
LOCK = Statement("""
    SELECT threads.id AS thread_id, threads.channel, threads.status, threads.language, threads.trial,
           CASE WHEN threads.trial THEN 'live' ELSE sites.mode END AS mode,
           sites.id AS site_id, sites.name AS site_name,
           sites.tools, sites.review, sites.hours, sites.budget_day_micro,
           EXISTS (SELECT FROM tickets WHERE tickets.thread_id = threads.id AND tickets.status = 'pending')
             AS ticket_pending,
           visitors.id AS visitor_id, visitors.verified_email, visitors.contact_email
    FROM threads JOIN sites ON sites.id = threads.site_id JOIN visitors ON visitors.id = threads.visitor_id
    WHERE threads.id = :thread_id
    FOR UPDATE OF threads
""")


@dataclass(frozen=True)
class Case:
    """One conversation as it is now. `status` says who has it."""

    thread_id: UUID
    channel: str
    status: str
    language: str  # of the visitor's words; empty: not known yet
    trial: bool  # asked by the judge: the agent answers as it would live, whatever the site's mode
    site_id: str
    site_name: str
    tools: tuple[str, ...]  # switched on
    mode: str
    review: dict[str, Any]
    hours: dict[str, Any]  # in which people are there
    budget_day_micro: int | None
    ticket_pending: bool  # a ticket waits for what the visitor says
    visitor_id: UUID
    verified_email: str | None
    contact_email: str | None

    def caller(self, turn_id: UUID, key: str, deadline_s: float) -> Caller:
        """On whose behalf a tool runs."""
        return Caller(
            site_id=self.site_id,
            channel=self.channel,
            thread_id=self.thread_id,
            visitor_id=self.visitor_id,
            turn_id=turn_id,
            key=f"{turn_id}:{key}",
            verified_email=self.verified_email,
            contact_email=self.contact_email,
            deadline_s=deadline_s,
        )


def lock_case(session: Session, thread_id: UUID) -> Case | None:
    """The conversation, its thread locked until the transaction ends. None where there is no such thread."""
    row = LOCK.row(session, thread_id=thread_id)
    if row is None:
        return None
    found = row._asdict()
    return Case(**{**found, "tools": tuple(found["tools"])})


def lock_thread(session: Session, thread_id: UUID) -> Thread | None:
    """The thread, locked until the transaction ends: whoever changes a turn holds this first."""
    query = select(Thread).where(Thread.id == thread_id).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
