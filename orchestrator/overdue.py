"""Handoffs that nobody takes: the visitor is told, a ticket stands, and the bot may answer again."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Handoff, Visitor
from core.settings import Settings
from orchestrator.journal import lock_thread
from orchestrator.messages import say
from orchestrator.phrases import NOBODY_CAME, with_address
from tools.tickets import open_ticket

OVERDUE = "overdue"


def tell_those_who_wait(session: Session, settings: Settings) -> int:
    """Tell every visitor who has waited longer than `handoff_wait_minutes`, once. The handoff stays in the queue."""
    since = func.now() - timedelta(minutes=settings.handoff_wait_minutes)
    query = select(Handoff).where(Handoff.status == "waiting", Handoff.created_at < since)
    return sum(_tell(session, handoff) for handoff in session.scalars(query).all())


def _tell(session: Session, handoff: Handoff) -> bool:
    thread = lock_thread(session, handoff.thread_id)
    session.refresh(handoff)  # as it is now that the thread is ours
    if thread is None or handoff.status != "waiting":
        return False
    visitor = session.get_one(Visitor, thread.visitor_id)
    ticket = open_ticket(
        session,
        key=f"{handoff.id}:overdue",
        site_id=handoff.site_id,
        thread_id=thread.id,
        email=visitor.verified_email or visitor.contact_email,
        subject=handoff.reason,
        body=handoff.excerpt,
        priority="high",
    )
    handoff.status, thread.status = OVERDUE, "bot"
    words = with_address(NOBODY_CAME.format(ticket=ticket.number), address_known=ticket.email is not None)
    say(session, thread.id, "system", words)
    return True
