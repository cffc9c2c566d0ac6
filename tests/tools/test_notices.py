"""A site's owner hears of new tickets and handoffs, once each, and of no visitor's address."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Handoff, Outgoing, Site, Ticket
from tools.handoffs import queue_handoff
from tools.tickets import open_ticket

from .callers import seated


@pytest.fixture
def hearing(session: Session, site: Site) -> Site:
    """A site that wants notices."""
    site.notices_url = "https://shop.example/wp-json/handrail/v1/notices"
    session.flush()
    return site


def put_down(session: Session) -> list[Outgoing]:
    return list(session.scalars(select(Outgoing).order_by(Outgoing.id)))


def ticket(session: Session, site: Site, thread: UUID, **more: Any) -> Ticket:
    row: dict[str, Any] = {"key": "t:1", "email": "ana@example.com", "subject": "Lost parcel", "body": "It is lost."}
    return open_ticket(session, site_id=site.id, thread_id=thread, priority="high", **row | more)


def handoff(session: Session, site: Site, thread: UUID, **more: Any) -> Handoff:
    row: dict[str, Any] = {"key": "h:1", "reason": "Wants a person.", "excerpt": "Visitor: get me somebody"}
    return queue_handoff(session, site_id=site.id, thread_id=thread, **row | more)


def test_a_new_ticket_is_told_with_what_finds_it_and_no_more(session: Session, hearing: Site) -> None:
    thread = seated(session, hearing.id).thread_id
    made = ticket(session, hearing, thread)
    (row,) = put_down(session)
    assert (row.destination, row.kind, row.key) == (f"notices:{hearing.id}", "ticket.opened", f"ticket:{made.id}")
    assert row.body == {
        "type": "ticket.opened",
        "site": hearing.id,
        "number": made.number,
        "thread": str(thread),
        "subject": "Lost parcel",
        "priority": "high",
        "created_at": made.created_at.isoformat(),
    }


def test_a_new_handoff_is_told(session: Session, hearing: Site) -> None:
    thread = seated(session, hearing.id).thread_id
    made = handoff(session, hearing, thread)
    (row,) = put_down(session)
    assert (row.kind, row.key) == ("handoff.queued", f"handoff:{made.id}")
    assert row.body == {
        "type": "handoff.queued",
        "site": hearing.id,
        "number": made.number,
        "thread": str(thread),
        "reason": "Wants a person.",
        "created_at": made.created_at.isoformat(),
    }


def test_the_same_ticket_or_handoff_again_is_told_once(session: Session, hearing: Site) -> None:
    thread = seated(session, hearing.id).thread_id
    for _ in range(2):
        ticket(session, hearing, thread)
        handoff(session, hearing, thread)
    handoff(session, hearing, thread, key="h:2")  # the thread waits already
    assert [row.kind for row in put_down(session)] == ["ticket.opened", "handoff.queued"]


def test_addresses_and_long_numbers_stay_here(session: Session, hearing: Site) -> None:
    thread = seated(session, hearing.id).thread_id
    ticket(session, hearing, thread, subject="I am ana@example.com, call +44 20 7946 0958")
    handoff(session, hearing, thread, reason="ana@example.com asks for a person")
    told = [row.body.get("subject") or row.body["reason"] for row in put_down(session)]
    assert told == ["I am [email], call [number]", "[email] asks for a person"]


def test_a_site_without_an_address_for_notices_tells_nobody(session: Session, site: Site) -> None:
    thread = seated(session, site.id).thread_id
    ticket(session, site, thread)
    handoff(session, site, thread)
    assert put_down(session) == []
