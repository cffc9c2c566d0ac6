"""Visitors whom nobody comes to, or nobody answers: they are told, a ticket stands, and the channel is reminded once.

A handoff that nobody takes stays in the queue, while the bot may answer again. One that somebody has claimed stays
theirs, and the bot stays silent: only they give it back. Out of hours nobody is waited for.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from core.models import Handoff, Site, Thread, Ticket, Visitor
from core.settings import Settings
from orchestrator.case import lock_thread
from orchestrator.messages import say
from orchestrator.phrases import phrased, with_address
from orchestrator.told import tell_staff
from tools.handoffs import OVERDUE
from tools.hours import is_open
from tools.tickets import open_ticket


def left_alone(session: Session, settings: Settings) -> Sequence[UUID]:
    """The handoffs to look after now: too long without a person, out of hours, or in hours again and not told of."""
    closed = _closed_sites(session)
    waiting = (Handoff.status == "waiting") & or_(_late(settings), Handoff.site_id.in_(closed))
    claimed = (Handoff.status == "claimed") & Handoff.reminded_at.is_(None) & _late(settings)
    untold = (Handoff.status == OVERDUE) & Handoff.reminded_at.is_(None) & Handoff.site_id.not_in(closed)
    open_ones = Handoff.closed_at.is_(None) & Handoff.thread_id.not_in(select(Thread.id).where(Thread.trial))
    query = select(Handoff.id).join(Site, Site.id == Handoff.site_id).where(open_ones)
    return session.scalars(query.where(or_(waiting, claimed, untold)).order_by(Handoff.waits_since)).all()


def look_after(session: Session, handoff_id: UUID, settings: Settings) -> bool:
    """Tell the visitor, or the channel, what `left_alone` found to tell; False where that holds no more."""
    thread_id = session.scalar(select(Handoff.thread_id).where(Handoff.id == handoff_id))
    thread = lock_thread(session, thread_id) if thread_id else None
    if thread is None:
        return False
    query = select(Handoff, _late(settings)).join(Site, Site.id == Handoff.site_id).where(Handoff.id == handoff_id)
    handoff, late = session.execute(query, execution_options={"populate_existing": True}).one()
    there = is_open(session.get_one(Site, thread.site_id).hours, datetime.now(UTC))
    if handoff.closed_at is not None:
        return False
    match handoff.status:
        case "waiting" if late or not there:
            _tell_visitor(session, handoff, thread, "nobody_came", "high" if there else "normal")
            stand_aside(session, thread)
        case "claimed" if late and handoff.reminded_at is None:
            _tell_visitor(session, handoff, thread, "nobody_answered", "high")
        case "overdue" if there and handoff.reminded_at is None:
            pass
        case _:
            return False
    if there:
        handoff.reminded_at = func.now()
        tell_staff(session, thread.id, "reminder", handoff=handoff.id)
    return True


def stand_aside(session: Session, thread: Thread) -> None:
    """Nobody comes for now: the bot may answer, and the queue keeps the handoff for whoever comes."""
    query = select(Handoff).where(Handoff.thread_id == thread.id, Handoff.closed_at.is_(None))
    handoff = session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if handoff is None or handoff.status != "waiting":
        return
    handoff.status, thread.status = OVERDUE, "bot"
    session.flush()
    tell_staff(session, thread.id, "state", handoff=handoff.id)


def _late(settings: Settings) -> ColumnElement[bool]:
    minutes = func.coalesce(Site.wait_minutes, settings.handoff_wait_minutes)
    return and_(
        Handoff.waits_since.is_not(None),
        Handoff.waits_since < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, minutes * 60),
    )


def _closed_sites(session: Session) -> list[str]:
    """Those with somebody in the queue, out of whose hours it is."""
    query = select(Site.id, Site.hours).join(Handoff, Handoff.site_id == Site.id)
    now = datetime.now(UTC)
    rows = session.execute(query.where(Handoff.closed_at.is_(None), Site.hours != {}).distinct())
    return [site_id for site_id, hours in rows if not is_open(hours, now)]


def _tell_visitor(session: Session, handoff: Handoff, thread: Thread, phrase: str, priority: str) -> None:
    ticket = _open_case(session, handoff) or _new_case(session, handoff, thread, priority)
    told = phrased(phrase, thread.language, ticket=ticket.number)
    said = with_address(told, address_known=ticket.email is not None, language=thread.language)
    say(session, thread.id, "system", said)


def _open_case(session: Session, handoff: Handoff) -> Ticket | None:
    """The ticket that stands since this handoff, if any: a second one for the same matter helps nobody."""
    since = (Ticket.thread_id == handoff.thread_id) & (Ticket.created_at >= handoff.created_at)
    query = select(Ticket).where(since, Ticket.solved_at.is_(None))
    return session.scalars(query.order_by(Ticket.created_at.desc()).limit(1)).first()


def _new_case(session: Session, handoff: Handoff, thread: Thread, priority: str) -> Ticket:
    visitor = session.get_one(Visitor, thread.visitor_id)
    return open_ticket(
        session,
        key=f"{handoff.id}:overdue",
        site_id=handoff.site_id,
        thread_id=thread.id,
        email=visitor.verified_email or visitor.contact_email,
        subject=handoff.reason,
        body=handoff.excerpt,
        priority=priority,
    )
