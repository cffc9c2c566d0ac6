"""Tickets in a helpdesk: made once, whatever is lost on the way, and kept as they are here."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from core.db import transaction
from core.models import Outgoing, Thread, Ticket
from core.settings import Settings
from orchestrator import cases, outside
from orchestrator.erasing import erase_thread
from orchestrator.inbox import accept, open_thread
from orchestrator.people import operator
from tests.conftest import SITE, make_site
from tests.web.helpdesk.fake import Fake, helping
from tests.web.mail.post_office import post_office
from tests.web.test_outgoing import Circuits
from tools.tickets import open_ticket
from web.outgoing.delivery import Courier

ADA, BEN = "ada@example.com", operator("ben")
AGENT = "agent@zendesk.example"
HERE = ("127.0.0.1",)


class Desk:
    """A site whose tickets go to `fake`."""

    def __init__(self, fake: Fake, kind: str) -> None:
        self.fake, self.kind = fake, kind
        with transaction() as session:
            site = make_site(session)
            site.helpdesk = {"kind": kind, "url": fake.url, "user": AGENT}
            site.helpdesk_token = "key"
            self.thread: UUID = open_thread(session, SITE, "web").id

    def open(self, email: str | None = ADA) -> int:
        """The number of a new ticket."""
        with transaction() as session:
            row = {"key": "t:1", "subject": "Lost parcel", "body": "It is <lost>.", "priority": "urgent"}
            return open_ticket(session, site_id=SITE, thread_id=self.thread, email=email, **row).number

    def deliver(self, *, at_once: bool = True) -> None:
        """Send all that is due; what waits for its next attempt is due, too, if `at_once`."""
        if at_once:
            with transaction() as session:
                session.execute(update(Outgoing).values(due_at=func.now()))
        settings = Settings.model_validate({"outgoing_private_hosts": HERE, "outgoing_seconds": 5.0})
        while Courier(settings, Circuits(), chance=lambda _, longest: longest).deliver_one():
            pass

    def ticket(self) -> Ticket:
        """As it is in our own table."""
        with transaction() as session:
            return session.scalars(select(Ticket)).one()

    def dead(self) -> str:
        """Why the one dead letter is dead."""
        with transaction() as session:
            return session.scalars(select(Outgoing).where(Outgoing.state == "dead")).one().reason


@pytest.fixture(params=["zendesk", "freshdesk"])
def desk(committed: object, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Each of the two."""
    with helping() as fake:
        yield Desk(fake, request.param)


def test_a_ticket_is_there_as_it_is_here_and_both_know_each_other(desk: Desk) -> None:
    number = desk.open()
    desk.deliver()
    ((id_, row),) = desk.fake.tickets.items()
    ticket = desk.ticket()
    where = "agent" if desk.kind == "zendesk" else "a"
    assert (ticket.external_id, ticket.external_url) == (str(id_), f"{desk.fake.url}/{where}/tickets/{id_}")
    assert row["subject"] == "Lost parcel"
    if desk.kind == "zendesk":
        assert row["external_id"] == f"handrail-{number}"
        assert (row["priority"], row["status"], row["requester"]["email"]) == ("urgent", "open", ADA)
        assert row["comment"] == {"body": "It is <lost>.", "public": False}
    else:
        assert (row["priority"], row["status"], row["email"]) == (4, 2, ADA)
        assert row["description"] == "It is &lt;lost&gt;."
    assert desk.fake.keys == [f"helpdesk:opened:{ticket.id}"]


def test_replies_and_states_follow(desk: Desk) -> None:
    number = desk.open()
    with transaction() as session:
        cases.reply(session, number, BEN, "We found it <here>.")
        cases.solve(session, number, BEN)
    desk.deliver()
    ((id_, row),) = desk.fake.tickets.items()
    said = "We found it <here>." if desk.kind == "zendesk" else "We found it &lt;here&gt;."
    assert desk.fake.notes == [(id_, said)]
    assert row["status"] == ("solved" if desk.kind == "zendesk" else 4)


def test_a_lost_answer_makes_no_second_ticket(desk: Desk) -> None:
    desk.open()
    desk.fake.lost = 1
    desk.deliver(at_once=False)
    assert (len(desk.fake.tickets), desk.ticket().external_id) == (1, "")
    desk.deliver()
    assert len(desk.fake.tickets) == 1
    assert desk.ticket().external_id == str(next(iter(desk.fake.tickets)))


def test_an_address_that_comes_later_is_told(desk: Desk) -> None:
    desk.open(email=None)
    desk.deliver()
    (row,) = desk.fake.tickets.values()
    assert row.get("email", AGENT) == AGENT
    with transaction() as session:
        accept(session, session.get_one(Thread, desk.thread), f"I am {ADA}", "m1")
    desk.deliver()
    assert (row.get("email") or row["requester"]["email"]) == ADA


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_what_is_refused_is_a_dead_letter_that_says_so(desk: Desk, status: int) -> None:
    desk.fake.answers = [(status, b"<html>No</html>", {})]
    desk.open()
    desk.deliver()
    assert str(status) in desk.dead()


@pytest.mark.parametrize("answer", [(500, b"", {}), (429, b"", {"Retry-After": "1"}), (503, b"<html>", {})])
def test_what_may_go_better_later_comes_again(desk: Desk, answer: tuple[int, bytes, dict[str, str]]) -> None:
    desk.fake.answers = [answer]
    desk.open()
    desk.deliver()
    assert desk.fake.tickets == {}
    desk.deliver()
    assert len(desk.fake.tickets) == 1


@pytest.mark.parametrize("raw", [b"<html>Welcome</html>", b"[]", b"{}", b'{"ticket": 7}', b'{"id": "x"}'])
def test_an_answer_that_is_no_helpdesks_is_a_dead_letter(desk: Desk, raw: bytes) -> None:
    desk.fake.answers = [(200, raw, {})]
    desk.open()
    desk.deliver()
    assert "right address" in desk.dead()


def erase(desk: Desk) -> Outgoing:
    """The visitor has everything deleted; what asks the helpdesk for it."""
    with transaction() as session:
        erase_thread(session, desk.thread)
        return session.scalars(select(Outgoing).where(Outgoing.kind == "gone")).one()


def test_what_a_visitor_has_deleted_goes_there_too(desk: Desk) -> None:
    desk.open()
    desk.deliver()
    asked = erase(desk)
    assert set(asked.body) == {"number", "external"}
    assert (asked.thread_id, len(desk.fake.tickets)) == (None, 1)
    desk.deliver()
    assert desk.fake.tickets == {}
    with transaction() as session:
        assert session.scalars(select(Outgoing.state)).all() == ["sent"], "all else about it went with it"


def test_one_whose_number_was_never_heard_is_looked_up_and_goes(desk: Desk) -> None:
    """The answer to its making was lost; its search may know it only later, so it is asked later."""
    desk.open()
    desk.fake.lost = 1
    desk.deliver(at_once=False)
    asked = erase(desk)
    assert asked.body["external"] == ""
    assert asked.due_at - asked.created_at > timedelta(minutes=4)
    desk.deliver()
    assert desk.fake.tickets == {}


def test_one_that_is_gone_already_is_gone(desk: Desk) -> None:
    desk.open()
    desk.deliver()
    erase(desk)
    desk.fake.tickets.clear()
    desk.deliver()
    with transaction() as session:
        assert session.scalars(select(Outgoing.state)).all() == ["sent"]


def test_one_that_may_not_be_deleted_is_a_dead_letter_that_says_so(desk: Desk) -> None:
    desk.open()
    desk.deliver()
    erase(desk)
    desk.fake.answers = [(403, b"{}", {})]
    desk.deliver()
    assert "403" in desk.dead()


def test_what_never_left_is_asked_of_nobody_and_what_is_merely_old_stays_there(desk: Desk) -> None:
    desk.open()
    with transaction() as session:
        assert outside.take_away(session, desk.thread).asked == ()
    desk.deliver()
    with transaction() as session:
        assert outside.take_away(session, desk.thread, cases=False).asked == ()
        assert len(outside.take_away(session, desk.thread).asked) == 1
        session.rollback()


def test_a_helpdesk_that_reads_mail_gets_a_letter_with_where_to_reply(committed: object) -> None:
    with post_office() as office:
        with transaction() as session:
            site = make_site(session)
            site.mail_from, site.helpdesk = "support@shop.example", {"kind": "mail", "url": "desk@helpdesk.example"}
            thread = open_thread(session, SITE, "web")
            row = {"key": "t:1", "subject": "Lost parcel", "body": "It is lost.", "priority": "high"}
            open_ticket(session, site_id=SITE, thread_id=thread.id, email=ADA, **row)
        while Courier(office.settings(), Circuits()).deliver_one():
            pass
    told = [letter for letter in office.letters if letter["To"] == "desk@helpdesk.example"]
    assert [letter["Reply-To"] for letter in told] == [ADA]
