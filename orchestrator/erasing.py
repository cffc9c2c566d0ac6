"""Erasing conversations, and all that is known of a visitor: from every table, in one transaction, with a receipt.

A turn may be running meanwhile. Whoever changes a turn holds its thread's lock first, so it writes either before us,
and that goes too, or after us, and finds nothing that it could write to. What a model was asked stays counted as money.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import Uuid, delete, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from core import bus
from core.log import get_logger
from core.models import (
    Erasure,
    Feedback,
    Handoff,
    Message,
    Outgoing,
    Site,
    Thread,
    Ticket,
    Turn,
    Visitor,
    WebhookEvent,
)
from core.queue import Job, enqueue
from orchestrator import audit, budget, judged_copies, outside, tokens
from orchestrator.case import Case, lock_case
from orchestrator.outside import Outside
from orchestrator.people import OPERATOR, Person

log = get_logger(__name__)

ACTION = "data.erased"
VISITOR, WORDPRESS = Person(None, "", "visitor"), Person(None, "", "wordpress")

# Whatever still answers for these turns comes too late from now on; what it holds of the budget is taken as spent.
END_TURNS = text("""
    UPDATE turns SET fence = fence + 1, ended_at = coalesce(ended_at, now()), pending = NULL, leased_until = NULL
    WHERE thread_id = :thread_id AND (ended_at IS NULL OR EXISTS (
        SELECT FROM model_calls WHERE model_calls.turn_id = turns.id AND settled_at IS NULL))
    RETURNING id
""")
# Settling need not wait for the disk, but a receipt must not be given for what a power cut brings back.
FOR_GOOD = text("SET LOCAL synchronous_commit = on")


@dataclass(frozen=True)
class Receipt:
    """How many of each were erased, and of how many cases elsewhere an address was taken off; nothing personal."""

    visitors: int = 0
    threads: int = 0
    messages: int = 0
    turns: int = 0
    feedback: int = 0
    tickets: int = 0
    handoffs: int = 0
    outgoing: int = 0
    addresses: int = 0
    events: int = 0

    def __add__(self, other: "Receipt") -> "Receipt":
        """Both together."""
        theirs = asdict(other)
        return Receipt(**{name: count + theirs[name] for name, count in asdict(self).items()})


@dataclass(frozen=True)
class _Done:
    """What was erased, by count and by id, and what stands elsewhere."""

    receipt: Receipt = field(default_factory=Receipt)
    threads: tuple[UUID, ...] = ()
    outside: Outside = field(default_factory=Outside)
    visitor: UUID | None = None

    def __add__(self, other: "_Done") -> "_Done":
        both = (self.receipt + other.receipt, self.threads + other.threads, self.outside + other.outside)
        return _Done(*both, self.visitor or other.visitor)


def erase_thread(session: Session, thread_id: UUID, *, cases: bool = True) -> Receipt:
    """Erase one conversation with its turns, their journal, model calls and tool runs, tickets, handoffs, feedback.

    Nothing is counted where there is no such thread: erasing twice is erasing once. Without `cases` the site's
    helpdesk keeps what it has of it.
    """
    return _thread(session, thread_id, cases=cases).receipt


def erase_visitor(session: Session, visitor_id: UUID) -> Receipt:
    """Erase a visitor with all conversations and addresses. Their tokens are good for nothing afterwards."""
    return _visitor(session, visitor_id).receipt


def erase(
    session: Session, site_id: str, visitor_id: UUID, *, actor: audit.Actor = VISITOR, address: str = ""
) -> tuple[UUID, Receipt]:
    """All of a visitor of that site, as `actor` asked: the id of the receipt, the same each time, and what it counts.

    The receipt stays (`orchestrator.receipts`), and so does a line in the audit log: how many conversations, messages
    and tickets went, and nothing of whose.
    """
    id_, done = uuid5(NAMESPACE_OID, f"handrail:{visitor_id}"), _Done()  # nobody gets from it to the visitor
    there = select(Visitor.id).where(Visitor.id == visitor_id, Visitor.site_id == site_id)
    if session.scalar(there) is not None:
        done = _visitor(session, visitor_id)
    elif actor == VISITOR:  # whose data went before: they get a receipt all the same
        done = _Done(visitor=visitor_id)
    if done.visitor:
        _keep(session, site_id, id_, done, actor=actor, address=address)
    return id_, done.receipt


def erase_conversation(
    session: Session, site_id: str, thread_id: UUID, *, actor: audit.Actor, address: str = ""
) -> tuple[UUID, Receipt]:
    """One conversation of that site; and its visitor, of whom nothing else is left. Returns and keeps as `erase`."""
    id_, done = uuid5(NAMESPACE_OID, f"handrail:thread:{thread_id}"), _Done()
    visitor_id = session.scalar(select(Thread.visitor_id).where(Thread.id == thread_id, Thread.site_id == site_id))
    if visitor_id is not None:
        done = _thread(session, thread_id)
        if not _threads(session, visitor_id):
            done += _visitor(session, visitor_id)
    if done.receipt.threads:
        _keep(session, site_id, id_, done, actor=actor, address=address)
    return id_, done.receipt


def erase_address(session: Session, site_id: str, email: str) -> Receipt:
    """Take an e-mail address off what is not its owner's to erase.

    Other people's cases and conversations in which they wrote it, and events about orders.
    """
    tickets = update(Ticket).where(Ticket.site_id == site_id, func.lower(Ticket.email) == email).values(email=None)
    visitors = update(Visitor).where(Visitor.site_id == site_id, func.lower(Visitor.contact_email) == email)
    taken = session.scalars(tickets.returning(Ticket.id)).all()
    cleared = session.scalars(visitors.values(contact_email=None).returning(Visitor.id)).all()
    told = _told_of(session, site_id, email)
    session.execute(update(WebhookEvent).where(WebhookEvent.id.in_(told)).values(data={}, body=None))
    written = tokens.forget_address(session, site_id, email)
    return Receipt(addresses=len(taken) + len(cleared) + written, events=len(told))


def _told_of(session: Session, site_id: str, email: str) -> list[UUID]:
    """Settled events about orders with this address. They may be sealed, so each is looked at."""
    orders = (WebhookEvent.site_id == site_id, WebhookEvent.subject.like("order:%"), WebhookEvent.state != "pending")
    rows = session.execute(
        select(WebhookEvent.id, WebhookEvent.data).where(*orders), execution_options={"yield_per": 500}
    )
    return [row.id for row in rows if _address(row.data) == email]


def _address(data: dict[str, Any]) -> str:
    order = data.get("order")
    billing = order.get("billing") if isinstance(order, dict) else None
    return str(billing.get("email") or "").lower() if isinstance(billing, dict) else ""


def visitors_of(session: Session, site_id: str, email: str, most: int) -> Sequence[UUID]:
    """At most `most` visitors whose address is proven to be `email`, or who gave it and have proven no other."""
    told = Visitor.verified_email.is_(None) & (func.lower(Visitor.contact_email) == email)
    theirs = or_(func.lower(Visitor.verified_email) == email, told)
    wanted = select(Visitor.id).where(Visitor.site_id == site_id, theirs)
    return session.scalars(wanted.order_by(Visitor.id).limit(most)).all()


def _visitor(session: Session, visitor_id: UUID) -> _Done:
    done = _Done()
    for thread_id in _threads(session, visitor_id):
        done += _thread(session, thread_id)
    # Threads come first, as everywhere. Under this lock no new one can begin; one may have begun just before.
    known = session.scalars(select(Visitor.id).where(Visitor.id == visitor_id).with_for_update()).one_or_none()
    if known is None:
        return done
    for thread_id in _threads(session, visitor_id):
        done += _thread(session, thread_id)
    session.execute(delete(Visitor).where(Visitor.id == visitor_id))
    return done + _Done(Receipt(visitors=1), visitor=visitor_id)


def _thread(session: Session, thread_id: UUID, *, cases: bool = True) -> _Done:
    case = lock_case(session, thread_id)
    if case is None:
        return _Done()
    _end_turns(session, case)
    elsewhere = outside.take_away(session, thread_id, cases=cases)
    judged_copies.take_away(session, thread_id)
    receipt = _count(session, thread_id)
    session.execute(delete(Thread).where(Thread.id == thread_id))  # the rest hangs on it
    bus.forget(session, thread_id)
    log.info("thread_erased", site=case.site_id, thread=str(thread_id), messages=receipt.messages)
    return _Done(receipt, (thread_id,), elsewhere)


def _keep(session: Session, site_id: str, id_: UUID, done: _Done, *, actor: audit.Actor, address: str) -> None:
    counts = {name: count for name, count in asdict(done.receipt).items() if count}
    ids = [*([done.visitor] if done.visitor else ()), *done.threads]
    facts = {"counts": counts, "ids": list(map(str, ids))}
    facts |= {"asked": list(done.outside.asked), "beyond": done.outside.beyond}
    row = select(literal(id_, Uuid), Site.id, literal(_kind(actor)), literal(facts, JSONB)).where(Site.id == site_id)
    kept = insert(Erasure).from_select(["id", "site_id", "erased_by", "facts"], row).on_conflict_do_nothing()
    if session.scalar(kept.returning(Erasure.id)) is not None:
        enqueue(session, Job.PROBE_ERASED)
    if counts:
        audit.note(session, actor, ACTION, f"erasure:{id_}", site_id, details=counts, address=address)


def _kind(actor: audit.Actor) -> str:
    """Who asked, as a receipt says it: it is shown to the visitor, and names nobody of the staff."""
    if actor in (VISITOR, WORDPRESS):
        return actor.actor
    return "operator" if actor.actor.startswith(OPERATOR) else "staff"


def _threads(session: Session, visitor_id: UUID) -> Sequence[UUID]:
    # Always in this order, so that two who erase at once wait for each other one way round.
    return session.scalars(select(Thread.id).where(Thread.visitor_id == visitor_id).order_by(Thread.id)).all()


def _end_turns(session: Session, case: Case) -> None:
    for turn_id in session.scalars(END_TURNS, {"thread_id": case.thread_id}).all():
        budget.settle(session, case, turn_id)
    session.execute(FOR_GOOD)


def _count(session: Session, thread_id: UUID) -> Receipt:
    about = or_(Outgoing.thread_id == thread_id, Outgoing.body["thread"].astext == str(thread_id))
    told = session.scalars(delete(Outgoing).where(about).returning(Outgoing.id)).all()
    message_ids = select(Message.id).where(Message.thread_id == thread_id)
    wanted = {
        "messages": select(func.count()).select_from(message_ids.subquery()),
        "turns": select(func.count()).where(Turn.thread_id == thread_id),
        "feedback": select(func.count()).where(Feedback.message_id.in_(message_ids)),
        "tickets": select(func.count()).where(Ticket.thread_id == thread_id),
        "handoffs": select(func.count()).where(Handoff.thread_id == thread_id),
    }
    found = session.execute(select(*(each.scalar_subquery().label(name) for name, each in wanted.items()))).one()
    return Receipt(threads=1, outgoing=len(told), **found._asdict())
