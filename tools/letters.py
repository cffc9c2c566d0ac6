"""What leaves by mail and for the site's helpdesk, put into the outbox with the fact that it tells.

Ids only: what a letter says is read when it leaves.
"""

from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from core import outbox
from core.models import Site, Ticket

MAIL_IS_SET = Site.mail_from != ""


def ticket_opened(session: Session, ticket: Ticket) -> None:
    """To the visitor, to the staff, and to the helpdesk: as far as the site has them."""
    confirm(session, ticket)
    _to_staff(session, ticket, "ticket.opened")
    to_helpdesk(session, ticket, "opened")


def confirm(session: Session, ticket: Ticket) -> None:
    """Tell the visitor of the ticket, once an address is known."""
    if ticket.email:
        _mail(session, ticket.site_id, ticket.thread_id, "ticket.confirmed", str(ticket.id), ticket=ticket.id)


def ticket_breached(session: Session, ticket: Ticket) -> None:
    """To the staff: nobody has replied in time."""
    _to_staff(session, ticket, "ticket.breached")


def staff_replied(session: Session, site_id: str, thread_id: UUID, message_id: UUID, *, after_s: float) -> None:
    """Staff's words, to a visitor who has not come back for them after so many seconds."""
    _mail(session, site_id, thread_id, "reply", str(message_id), after_s=after_s, message=message_id)


def transcript(session: Session, site_id: str, thread_id: UUID, to: str, key: str) -> bool:
    """The conversation, to an address that the visitor names; False where the site sends no mail."""
    return _mail(session, site_id, thread_id, "transcript", key, to=to)


def to_helpdesk(session: Session, ticket: Ticket, what: str, *, key: str = "", **ids: object) -> None:
    """`what` has become of the ticket: opened, replied, changed. `key` tells one such thing from the next."""
    outbox.put(
        session,
        site_id=ticket.site_id,
        destination=f"helpdesk:{ticket.site_id}",
        kind=what,
        key=f"helpdesk:{what}:{ticket.id}{':' if key else ''}{key}",
        body={"ticket": str(ticket.id)} | {name: str(id_) for name, id_ in ids.items()},
        thread_id=ticket.thread_id,
        where=Site.helpdesk != {},
    )


def _to_staff(session: Session, ticket: Ticket, kind: str) -> None:
    told = MAIL_IS_SET & (Site.ticket_mail_to != "")
    _mail(session, ticket.site_id, ticket.thread_id, kind, str(ticket.id), where=told, ticket=ticket.id)


def _mail(
    session: Session,
    site_id: str,
    thread_id: UUID,
    kind: str,
    key: str,
    *,
    where: ColumnElement[bool] = MAIL_IS_SET,
    after_s: float = 0.0,
    **ids: object,
) -> bool:
    return outbox.put(
        session,
        site_id=site_id,
        destination=f"mail:{site_id}",
        kind=kind,
        key=f"mail:{kind.replace('.', '-')}:{key}",
        body={"thread": str(thread_id)} | {name: str(id_) for name, id_ in ids.items()},
        thread_id=thread_id,
        where=where,
        after_s=after_s,
    )
