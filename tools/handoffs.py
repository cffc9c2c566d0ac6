"""Putting a thread in the queue for a person: once for each key, and once at a time."""

from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.models import Handoff, Thread
from core.models.sealed import owned
from tools import notices, staff_news
from tools.fitted import cleaned

REASON_MAX = 500
EXCERPT_MAX = 2_000
OVERDUE = "overdue"  # nobody came in time: the visitor knows it, and the bot answers meanwhile


def queue_handoff(
    session: Session, *, key: str, site_id: str, thread_id: UUID, reason: str, excerpt: str, priority: str = "normal"
) -> Handoff:
    """The handoff under `key`, or the one in which the thread already waits, or a new one; a new one sets it waiting.

    A repeated key changes nothing: it must not take the thread from the person who has claimed it meanwhile. Where
    nobody came, and the visitor asks again, the wait begins anew, and is pressing.
    """
    # The thread first, as everybody does who changes who has it: or two would wait for each other.
    session.execute(select(Thread.id).where(Thread.id == thread_id).with_for_update())
    row = {
        "key": key,
        "site_id": site_id,
        "thread_id": thread_id,
        "reason": owned(thread_id, cleaned(reason, REASON_MAX)),
        "excerpt": owned(thread_id, cleaned(excerpt, EXCERPT_MAX)),
        "priority": priority,
    }
    # No target: both the key and "a thread waits once" may be the conflict.
    added = insert(Handoff).values(row).on_conflict_do_nothing().returning(Handoff.id)
    for _ in range(2):  # the open one may be closed between our two statements
        new = session.scalar(added) is not None
        if new:
            _wait(session, thread_id)
        if found := _standing(session, key, thread_id):
            if new:
                notices.handoff_queued(session, found)
                staff_news.ring(session, site_id, thread_id, "handoff", handoff=found.id)
            elif found.key != key and found.status == OVERDUE:
                _wait_again(session, found)
            return found
    raise Conflict("The queue changed just now: try again.")


def _standing(session: Session, key: str, thread_id: UUID) -> Handoff | None:
    """The handoff of this key, else the thread's open one."""
    still_open = (Handoff.thread_id == thread_id) & Handoff.closed_at.is_(None)
    query = select(Handoff).where(or_(Handoff.key == key, still_open)).order_by((Handoff.key == key).desc())
    return session.scalars(query.limit(1)).first()


def _wait_again(session: Session, handoff: Handoff) -> None:
    handoff.status, handoff.waits_since, handoff.reminded_at = "waiting", func.now(), None
    handoff.priority = "urgent" if handoff.priority == "urgent" else "high"
    session.flush()
    _wait(session, handoff.thread_id)
    staff_news.ring(session, handoff.site_id, handoff.thread_id, "state", handoff=handoff.id)


def _wait(session: Session, thread_id: UUID) -> None:
    session.execute(update(Thread).where(Thread.id == thread_id, Thread.status != "person").values(status="waiting"))
