"""What of a conversation stands elsewhere: asked away where that can be done, and counted where nobody can reach it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.models import ModelCall, Note, Outgoing, Site, Thread, Ticket, Turn
from core.outbox import put
from orchestrator import slack_copies

OWN_MODELS = ("extractive",)  # they run here
WITH_API = ("zendesk", "freshdesk")
SEARCH_LAG_S = 300.0  # until a helpdesk's own search knows what it was just given


@dataclass(frozen=True)
class Outside:
    """`asked`: keys of the outbox rows that ask for it. `beyond`: how many of each kind nobody can call back."""

    asked: tuple[str, ...] = ()
    beyond: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: "Outside") -> "Outside":
        """Both together."""
        kinds = self.beyond | other.beyond
        both = {kind: self.beyond.get(kind, 0) + other.beyond.get(kind, 0) for kind in kinds}
        return Outside((*self.asked, *other.asked), both)


def take_away(session: Session, thread_id: UUID, *, cases: bool = True) -> Outside:
    """Ask away what stands elsewhere of a thread that is about to be deleted, in the same transaction.

    Without `cases` the helpdesk keeps its own: what has merely become old here may have to be kept there.
    """
    beyond = dict(_beyond(session, thread_id))
    asked = slack_copies.take_away(session, thread_id)
    if cases:
        asked += _cases(session, thread_id)
    return Outside(tuple(asked), beyond)


def _beyond(session: Session, thread_id: UUID) -> Iterator[tuple[str, int]]:
    """What has left for good, as far as the outbox remembers: at least so many of each."""
    about = or_(Outgoing.thread_id == thread_id, Outgoing.body["thread"].astext == str(thread_id))
    kind = func.split_part(Outgoing.destination, ":", 1)
    left = select(kind, func.count()).where(about, or_(Outgoing.state == "sent", Outgoing.attempts > 0)).group_by(kind)
    sent = {name: count for name, count in session.execute(left) if name in {"mail", "notices"}}
    mailed = session.scalar(select(Thread.mailed_position).where(Thread.id == thread_id)) or 0
    if mailed:  # known for longer than the outbox remembers
        sent["mail"] = max(1, sent.get("mail", 0))
    yield from sorted(sent.items())
    asked = select(func.count()).select_from(ModelCall).join(Turn, Turn.id == ModelCall.turn_id)
    if models := session.scalar(asked.where(Turn.thread_id == thread_id, ModelCall.model.not_in(OWN_MODELS))):
        yield "models", models
    theirs = select(func.count()).where(Note.thread_id == thread_id, Note.source == "slack", Note.deleted_at.is_(None))
    if written := session.scalar(theirs):
        yield "slack_words", written
    by_mail = select(func.count()).select_from(Ticket).join(Site, Site.id == Ticket.site_id)
    if letters := session.scalar(by_mail.where(Ticket.thread_id == thread_id, Site.helpdesk["kind"].astext == "mail")):
        yield "helpdesk_mail", letters


def _cases(session: Session, thread_id: UUID) -> list[str]:
    """Have the helpdesk delete its copies: also one whose making has begun, and whose number nobody has heard yet."""
    begun = select(Outgoing.id).where(
        Outgoing.key == func.concat("helpdesk:opened:", Ticket.id), or_(Outgoing.attempts > 0, Outgoing.state == "sent")
    )
    there = or_(Ticket.external_id != "", begun.exists())
    mirrored = Site.helpdesk["kind"].astext.in_(WITH_API)
    wanted = select(Ticket).join(Site, Site.id == Ticket.site_id).where(Ticket.thread_id == thread_id, mirrored, there)
    return [_put_away(session, ticket) for ticket in session.scalars(wanted.order_by(Ticket.number))]


def _put_away(session: Session, ticket: Ticket) -> str:
    key = f"helpdesk:gone:{ticket.id}"
    put(
        session,
        site_id=ticket.site_id,
        destination=f"helpdesk:{ticket.site_id}",
        kind="gone",
        key=key,
        body={"number": ticket.number, "external": ticket.external_id},
        after_s=0.0 if ticket.external_id else SEARCH_LAG_S,
    )
    return key
