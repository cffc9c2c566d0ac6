"""From a ticket, a reply or a wish to the mail server: through the real outbox, once each, and nothing too early."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from core import bus
from core.db import transaction
from core.models import Message, Outgoing, Site, Thread, Ticket, Visitor
from orchestrator import cases
from orchestrator.inbox import accept, open_thread
from orchestrator.people import operator
from tests.conftest import SITE, make_site
from tests.web.mail.post_office import PostOffice, post_office
from tests.web.test_outgoing import Circuits
from tools import letters
from tools.tickets import open_ticket
from web.outgoing.delivery import Courier

ADA = "ada@example.com"
BEN = operator("ben")
SUBJECT = "Lost <b>parcel</b>\nBcc: eve@example.com"


class Shop:
    """A site that sends mail, a visitor's conversation there, and the mail server."""

    def __init__(self, office: PostOffice, thread: UUID) -> None:
        self.office, self.thread = office, thread

    def deliver(self) -> None:
        """Send all that is due."""
        settings = self.office.settings(outgoing_first_wait=0.0)
        while Courier(settings, Circuits(), chance=lambda _, longest: longest).deliver_one():
            pass

    def ticket(self, email: str | None = ADA, **more: Any) -> int:
        """The number of a new ticket."""
        row: dict[str, Any] = {"key": "t:1", "subject": SUBJECT, "body": "It is lost."}
        with transaction() as session:
            made = open_ticket(session, site_id=SITE, thread_id=self.thread, email=email, priority="high", **row | more)
            return made.number

    def to(self, address: str) -> list[str]:
        """The texts of the letters to `address`."""
        mine = [letter for letter in self.office.letters if letter["To"] == address]
        return [letter.get_body(("plain",)).get_content() for letter in mine]  # type: ignore[union-attr]


@pytest.fixture
def shop(committed: object) -> Iterator[Shop]:
    """Mail of Nordlicht's, tickets to its team, a visitor who speaks German."""
    with post_office() as office, transaction() as session:
        site = make_site(session)
        site.name, site.mail_from = "Nordlicht", "Nordlicht <support@shop.example>"
        site.ticket_mail_to = "team@shop.example"
        site.wordpress_url = "https://shop.example"
        thread = open_thread(session, SITE, "web")
        thread.language = "de"
        session.commit()
        yield Shop(office, thread.id)


def test_a_ticket_is_confirmed_to_the_visitor_and_told_to_the_team(shop: Shop) -> None:
    number = shop.ticket()
    shop.deliver()
    (confirmed,), (told,) = shop.to(ADA), shop.to("team@shop.example")
    assert f"Ihre Nummer ist {number}" in confirmed
    assert "parcel" not in confirmed, "nobody has proven that the address is the visitor's"
    assert "It is lost." in told
    assert "Priority: high" in told
    subject = next(letter["Subject"] for letter in shop.office.letters if letter["To"] == "team@shop.example")
    assert subject == f"[Nordlicht] Ticket {number}: Lost <b>parcel</b> Bcc: eve@example.com"


def test_whose_address_is_proven_reads_what_they_asked(shop: Shop) -> None:
    with transaction() as session:
        session.execute(update(Visitor).values(verified_email=ADA))
    shop.ticket()
    shop.deliver()
    assert "Lost <b>parcel</b>" in shop.to(ADA)[0]


def test_a_ticket_without_an_address_is_confirmed_once_one_is_known(shop: Shop) -> None:
    shop.ticket(email=None)
    shop.deliver()
    assert shop.to(ADA) == []
    with transaction() as session:
        accept(session, session.get_one(Thread, shop.thread), f"Please write to {ADA}.", "m1")
    shop.deliver()
    assert len(shop.to(ADA)) == 1


def test_a_site_that_sends_no_mail_puts_none_down(shop: Shop) -> None:
    with transaction() as session:
        session.execute(update(Site).values(mail_from=""))
    shop.ticket()
    with transaction() as session:
        assert session.scalars(select(Outgoing)).all() == []


def due_now() -> None:
    with transaction() as session:
        session.execute(update(Outgoing).values(due_at=func.now()))


def test_a_reply_goes_by_mail_to_a_visitor_who_has_left_and_several_in_one_letter(shop: Shop) -> None:
    number = shop.ticket()
    for words in ("We found it.", "It leaves today."):
        with transaction() as session:
            cases.reply(session, number, BEN, words)
    shop.deliver()
    assert len(shop.to(ADA)) == 1, "only the confirmation: they may come back within a minute"
    due_now()
    shop.deliver()
    (_, reply) = shop.to(ADA)
    assert "We found it." in reply
    assert "It leaves today." in reply
    assert "https://shop.example" in reply
    with transaction() as session:
        cases.reply(session, number, BEN, "And one more thing.")
    due_now()
    shop.deliver()
    assert "We found it." not in shop.to(ADA)[-1], "it went before"
    assert "And one more thing." in shop.to(ADA)[-1]


def test_a_reply_is_not_mailed_to_a_visitor_who_is_here_or_has_answered(shop: Shop) -> None:
    number = shop.ticket()
    with bus.client().pubsub() as listening:  # type: ignore[no-untyped-call]
        listening.subscribe(bus.stream_key(shop.thread))
        listening.get_message(timeout=5)
        with transaction() as session:
            cases.reply(session, number, BEN, "Are you there?")
        due_now()
        shop.deliver()
    with transaction() as session:
        cases.reply(session, number, BEN, "Still there?")
        accept(session, session.get_one(Thread, shop.thread), "Yes!", "m1")
    due_now()
    shop.deliver()
    assert len(shop.to(ADA)) == 1, "the confirmation"


def test_a_mail_server_that_is_away_gets_it_later_and_once(shop: Shop) -> None:
    shop.office.to_data = ["451 Later"] * 2
    shop.ticket()
    shop.deliver()
    due_now()
    shop.deliver()
    assert len(shop.to(ADA)) == 1
    assert len(shop.to("team@shop.example")) == 1


def test_a_mailbox_that_is_none_is_a_dead_letter_with_the_servers_words(shop: Shop) -> None:
    shop.office.to_recipients = ["550 No such mailbox"]
    shop.ticket()
    shop.deliver()
    with transaction() as session:
        dead = session.scalars(select(Outgoing).where(Outgoing.state == "dead")).one()
    assert "550" in dead.reason
    assert "No such mailbox" in dead.reason
    assert len(shop.office.letters) == 1, "the other one leaves all the same"


def test_a_transcript_has_the_whole_conversation_and_no_note(shop: Shop) -> None:
    with transaction() as session:
        accept(session, session.get_one(Thread, shop.thread), "Where is <my> parcel?", "m1")
        letters.transcript(session, SITE, shop.thread, ADA, "k")
    shop.deliver()
    (text,) = shop.to(ADA)
    assert "Where is <my> parcel?" in text
    assert "Sie" in text


def test_what_is_deleted_meanwhile_is_not_sent(shop: Shop) -> None:
    shop.ticket()
    with transaction() as session:
        session.delete(session.scalars(select(Ticket)).one())
    shop.deliver()
    assert shop.office.letters == []


def test_a_message_is_dated_in_words_that_say_the_zone(shop: Shop) -> None:
    with transaction() as session:
        accept(session, session.get_one(Thread, shop.thread), "Hello?", "m1")
        session.execute(update(Message).values(created_at=datetime(2026, 11, 22, 14, 5, tzinfo=UTC)))
        letters.transcript(session, SITE, shop.thread, ADA, "k")
    shop.deliver()
    assert "2026-11-22 14:05 UTC" in shop.to(ADA)[0]
