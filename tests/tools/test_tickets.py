"""Tickets are opened once, whoever asks and however often."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Site, Ticket, Visitor
from tests.conftest import make_site
from tools import create_ticket
from tools.tickets import open_ticket
from tools.tool import ToolFailed

from .callers import seated, stranger

CASE = create_ticket.Case(email=" Ada@Example.com", subject="Broken pole", body="It snapped.", priority="high")


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Ticket)) or 0


def test_a_ticket_is_opened_as_asked(session: Session, site: Site) -> None:
    caller = seated(session, site.id)
    output = create_ticket.TOOL.perform(caller, CASE)
    ticket = session.scalars(select(Ticket)).one()
    assert output.model_dump() == {"ticket_number": ticket.number, "status": "open", "email": "ada@example.com"}
    assert (ticket.key, ticket.site_id, ticket.thread_id) == (caller.key, site.id, caller.thread_id)
    assert (ticket.subject, ticket.body, ticket.priority) == ("Broken pole", "It snapped.", "high")


def test_the_address_becomes_the_visitors_contact(session: Session, site: Site) -> None:
    caller, bystander = seated(session, site.id), seated(session, site.id)
    create_ticket.TOOL.perform(caller, CASE)
    session.expire_all()
    addresses = {row.id: row.contact_email for row in session.scalars(select(Visitor))}
    assert addresses == {caller.visitor_id: "ada@example.com", bystander.visitor_id: None}


def test_the_same_call_twice_is_one_ticket(session: Session, site: Site) -> None:
    caller = seated(session, site.id)
    first = create_ticket.TOOL.perform(caller, CASE)
    changed = CASE.model_copy(update={"body": "Something else."})
    assert create_ticket.TOOL.perform(caller, changed) == first
    assert count(session) == 1


def test_a_ticket_without_address_can_be_opened_by_the_machine(session: Session, site: Site) -> None:
    caller = seated(session, site.id)
    ticket = open_ticket(
        session,
        key="turn:degraded",
        site_id=site.id,
        thread_id=caller.thread_id,
        email=None,
        subject="s" * 300 + "\x00",
        body="\x00" + "b" * 5000,
        priority="normal",
    )
    assert (ticket.email, ticket.subject, ticket.body) == (None, "s" * 200, "b" * 4000)


def test_a_thread_that_is_gone_is_a_plain_failure(session: Session, site: Site) -> None:
    with pytest.raises(ToolFailed, match=r"^The ticket could not be opened just now\.$"):
        create_ticket.TOOL.perform(stranger(site.id), CASE)
    assert count(session) == 0


def test_eight_workers_with_one_call_open_one_ticket(committed: object) -> None:
    with transaction() as session:
        make_site(session)
        caller = seated(session, "demo-test")

    def work(_: int) -> object:
        return create_ticket.TOOL.perform(caller, CASE)

    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(work, range(8)))
    with transaction() as session:
        assert count(session) == 1
    assert all(output == outputs[0] for output in outputs)


def test_what_was_written_is_found_by_its_key(session: Session, site: Site) -> None:
    caller = seated(session, site.id)
    assert create_ticket.written(session, caller.key) is None
    assert create_ticket.TOOL.perform(caller, CASE) == create_ticket.written(session, caller.key)


def test_the_same_case_in_a_later_turn_is_another_ticket(session: Session, site: Site) -> None:
    caller, turn = seated(session, site.id), uuid4()
    later = replace(caller, turn_id=turn, key=f"{turn}:c1")
    assert create_ticket.TOOL.perform(caller, CASE) != create_ticket.TOOL.perform(later, CASE)
