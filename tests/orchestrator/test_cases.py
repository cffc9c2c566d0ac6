"""A ticket's life: opened with a date, assigned to one, answered, solved, opened again, overdue, closed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import Conflict, MessageTooLong
from core.models import Message, Outgoing, Site, Staff, StaffRole, Thread, Ticket
from core.settings import Settings
from orchestrator import cases
from orchestrator.inbox import accept, open_thread
from orchestrator.people import Person, operator
from tests.conftest import SITE, make_site
from tools.tickets import open_ticket

BEN = operator("ben")


@pytest.fixture
def thread(session: Session, site: Site) -> UUID:
    """A conversation."""
    return open_thread(session, site.id, "web").id


def opened(session: Session, thread: UUID, **more: Any) -> Ticket:
    row: dict[str, Any] = {"key": "t:1", "subject": "Lost parcel", "body": "It is lost.", "priority": "high"}
    return open_ticket(session, site_id=SITE, thread_id=thread, email=None, **row | more)


def person(session: Session, role: str, site_id: str = SITE) -> Person:
    row = Staff(email=f"{role}@shop.example", name=role.title())
    session.add(row)
    session.flush()
    session.add(StaffRole(staff_id=row.id, site_id=site_id, role=role))
    session.flush()
    return Person(row.id, row.name, row.email)


def kinds(session: Session, ticket: Ticket) -> list[str]:
    return [line.kind for line in cases.history(session, ticket)]


@pytest.mark.parametrize(("priority", "minutes"), [("urgent", 60), ("high", 15), ("normal", 1440), ("low", 2880)])
def test_it_is_due_by_its_priority_as_the_site_has_it(
    session: Session, site: Site, thread: UUID, priority: str, minutes: float
) -> None:
    site.sla_minutes = {"high": 15}
    session.flush()
    ticket = opened(session, thread, priority=priority)
    assert ticket.due_at is not None
    assert ticket.due_at - ticket.created_at == timedelta(minutes=minutes)


def test_a_life(session: Session, thread: UUID) -> None:
    ticket = opened(session, thread)
    cases.assign(session, ticket.number, BEN, "ben")
    cases.reply(session, ticket.number, BEN, "We look for it.")
    assert (ticket.status, ticket.assignee) == ("pending", "ben")
    accept(session, session.get_one(Thread, thread), "Thank you, and?", "m1")
    session.refresh(ticket)
    assert ticket.status == "open"
    cases.solve(session, ticket.number, BEN)
    cases.reopen(session, ticket.number, BEN)
    cases.solve(session, ticket.number, BEN)
    session.execute(update(Ticket).values(solved_at=func.now() - timedelta(days=15)))
    cases.close_what_is_settled(session, Settings())
    session.refresh(ticket)
    assert ticket.status == "closed"
    assert kinds(session, ticket) == ["opened", "assigned", "replied", "answered", "solved", "reopened", "solved"]
    for act in (cases.solve, cases.reopen):
        with pytest.raises(Conflict, match="closed"):
            act(session, ticket.number, BEN)
    with pytest.raises(Conflict, match="closed"):
        cases.reply(session, ticket.number, BEN, "Late.")


def test_a_reply_stands_in_the_conversation_under_its_authors_name(session: Session, thread: UUID) -> None:
    ticket = opened(session, thread)
    cases.reply(session, ticket.number, BEN, "We look for it.")
    said = session.scalars(select(Message).where(Message.role == "staff")).one()
    assert (said.content, said.author) == ("We look for it.", "ben")
    with pytest.raises(MessageTooLong, match="shorten"):
        cases.reply(session, ticket.number, BEN, "x" * 40_000)


def test_who_assigns_sees_who_was_quicker(session: Session, thread: UUID) -> None:
    ticket = opened(session, thread)
    cases.assign(session, ticket.number, BEN, "ben")
    with pytest.raises(Conflict, match="with ben by now"):
        cases.assign(session, ticket.number, operator("eve"), "eve")
    cases.assign(session, ticket.number, operator("eve"), "eve", instead_of="ben")
    assert ticket.assignee == "eve"


def test_two_who_assign_at_once_are_one(committed: object) -> None:
    with transaction() as session:
        make_site(session)
        number = opened(session, open_thread(session, SITE, "web").id).number

    def take(name: str) -> bool:
        try:
            with transaction() as session:
                cases.assign(session, number, operator(name), name)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(take, [f"p{n}" for n in range(8)]))
    assert sum(won) == 1


def test_an_overdue_ticket_is_told_of_once_an_answered_one_never(session: Session, site: Site, thread: UUID) -> None:
    site.mail_from, site.ticket_mail_to = "shop@shop.example", "team@shop.example"
    session.flush()
    late, answered = opened(session, thread), opened(session, thread, key="t:2")
    cases.reply(session, answered.number, BEN, "Here.")
    session.execute(update(Ticket).values(due_at=func.now() - timedelta(minutes=1)))
    assert [cases.tell_what_is_due(session) for _ in range(3)] == [1, 0, 0]
    letters = session.scalars(select(Outgoing).where(Outgoing.kind == "ticket.breached")).all()
    assert [letter.body["ticket"] for letter in letters] == [str(late.id)]
    assert kinds(session, late)[-1] == "breached"


@pytest.mark.parametrize("role", ["auditor", "elsewhere", "gone"])
def test_whoever_has_no_right_changes_nothing(session: Session, thread: UUID, role: str) -> None:
    ticket = opened(session, thread)
    if role == "elsewhere":
        make_site(session, "another")
        who = person(session, "admin", "another")
    else:
        who = person(session, "auditor" if role == "auditor" else "agent")
    if role == "gone":
        session.execute(update(Staff).values(disabled_at=func.now()))
    for act in (cases.solve, cases.reopen):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - which of the two, the next line says
            act(session, ticket.number, who)
        assert type(caught.value).__name__ == ("RoleMissing" if role == "auditor" else "TicketNotFound")
    assert ticket.status == "open"


def test_the_list_has_what_is_due_first_on_top(session: Session, thread: UUID) -> None:
    slow, quick = opened(session, thread, priority="low"), opened(session, thread, key="t:2", priority="urgent")
    assert [ticket.number for ticket in cases.tickets(session)] == [quick.number, slow.number]
    assert cases.tickets(session, ["another"]) == []
    cases.solve(session, quick.number, BEN)
    assert [ticket.number for ticket in cases.tickets(session)] == [slow.number]


def test_a_number_that_is_none(session: Session, site: Site) -> None:
    with pytest.raises(cases.TicketNotFound, match="handrail tickets list"):
        cases.find(session, 4711)
