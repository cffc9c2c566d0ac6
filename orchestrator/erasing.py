"""What a visitor has told and what came of it, deleted in one transaction; what is left is a receipt without a word.

Everything that belongs to a conversation hangs on its row by a foreign key and goes with it. To add something that
does not: delete it here.
"""

from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from core.models import AuditEntry, Message, Outgoing, Thread, Ticket, Visitor
from orchestrator import budget
from orchestrator.case import lock_case
from orchestrator.slack_copies import take_away

ACTION = "data.erased"
# A turn that runs may owe a model: what was reserved for it is counted before its row is gone. Its worker finds that
# the turn has been taken away, and stops.
END_TURNS = text("""
    UPDATE turns SET ended_at = clock_timestamp(), pending = NULL WHERE thread_id = :thread_id AND ended_at IS NULL
""")
OWING = text("""
    SELECT DISTINCT turn_id FROM model_calls JOIN turns ON turns.id = turn_id
    WHERE thread_id = :thread_id AND settled_at IS NULL
""")


@dataclass(frozen=True)
class Erased:
    """The receipt's id, the same each time; and the threads that are gone, whose news `bus.forget` takes away."""

    receipt: UUID
    threads: tuple[UUID, ...]


def erase(session: Session, site_id: str, visitor_id: UUID) -> Erased:
    """Delete the visitor with all conversations. Twice is once, under the same receipt."""
    receipt = uuid5(NAMESPACE_OID, f"handrail:{visitor_id}")  # nobody gets from it to the visitor
    mine = select(Thread.id).where(Thread.visitor_id == visitor_id, Thread.site_id == site_id).order_by(Thread.id)
    threads = tuple(session.scalars(mine))
    # Threads before what hangs on them, as everywhere: nobody waits for us while we wait for them.
    for thread_id in threads:
        _settle(session, thread_id)
        take_away(session, thread_id)
    counts = {"threads": len(threads), "messages": _count(session, Message, threads)}
    counts["tickets"] = _count(session, Ticket, threads)
    session.execute(delete(Outgoing).where(Outgoing.thread_id.in_(threads)))
    leaving = delete(Visitor).where(Visitor.id == visitor_id, Visitor.site_id == site_id).returning(Visitor.id)
    if session.scalar(leaving) is not None:
        subject = f"erasure:{receipt}"
        session.add(AuditEntry(actor="visitor", site_id=site_id, action=ACTION, subject=subject, details=counts))
    return Erased(receipt, threads)


def _count(session: Session, table: type[Message | Ticket], threads: tuple[UUID, ...]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(table.thread_id.in_(threads))) or 0


def _settle(session: Session, thread_id: UUID) -> None:
    case = lock_case(session, thread_id)
    if case is None:
        return
    session.execute(END_TURNS, {"thread_id": thread_id})
    for turn_id in session.scalars(OWING, {"thread_id": thread_id}).all():
        budget.settle(session, case, turn_id)
