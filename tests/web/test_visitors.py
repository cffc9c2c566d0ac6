"""What a visitor may do beside talking: see what the site offers, leave a message, have everything deleted."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import bus
from core.models import Site, Ticket, Turn
from core.settings import get_settings
from tests.conftest import SITE
from tests.web.client import Guest, open_session
from tests.web.test_chat import error
from tools.hours import DAYS
from web.app import make_app

LEFT = {"name": "Eve", "email": "Eve@x.example", "question": "Do you repair boots?\nMine leak."}


def leave(guest: Guest, **changes: Any) -> Any:
    said = LEFT | {"thread_id": guest.thread_id, "client_msg_id": "left-1"} | changes
    return guest.post("contact", **said)


def test_what_a_site_offers_may_be_kept_by_any_cache(client: TestClient) -> None:
    answer = client.get(f"/api/agent/about/{SITE}")
    assert set(answer.json()) == {"people", "transcript_by_email"}
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert error(client.get("/api/agent/about/nobody")) == (404, "SiteNotFound")
    assert error(client.get("/api/agent/about/%00")) == (422, "BadRequest")


def test_hours_are_told_where_a_site_has_some(client: TestClient, session: Session) -> None:
    assert client.get(f"/api/agent/about/{SITE}").json()["people"] is None
    session.get_one(Site, SITE).hours = {"zone": "Europe/Berlin", "days": {}, "dates": {}}
    session.commit()
    assert client.get(f"/api/agent/about/{SITE}").json()["people"] == {"open": False, "opens_at": None}
    session.get_one(Site, SITE).hours = {
        "zone": "UTC",
        "days": {day: [["00:00", "24:00"]] for day in DAYS},
        "dates": {},
    }
    session.commit()
    assert client.get(f"/api/agent/about/{SITE}").json()["people"] == {"open": True, "opens_at": None}


def test_mail_is_offered_where_the_site_sends_any(client: TestClient, session: Session) -> None:
    """It takes a server and a sender; what is offered is also done."""
    about, known = f"/api/agent/about/{SITE}", get_settings()
    session.get_one(Site, SITE).mail_from = "Shop <support@shop.example>"
    session.commit()
    assert client.get(about).json()["transcript_by_email"] is False
    with TestClient(make_app(known.model_copy(update={"smtp_host": "mail.shop.example"}))) as mailing:
        assert mailing.get(about).json()["transcript_by_email"] is True
        guest = open_session(mailing)
        guest.say("Hello")
        sent = guest.post("transcript", thread_id=guest.thread_id, email="eve@x.example")
        assert (sent.status_code, sent.json()) == (202, {"email": "eve@x.example"})


def test_a_message_left_becomes_one_ticket_and_no_turn(guest: Guest, session: Session) -> None:
    taken = leave(guest)
    assert taken.status_code == 202
    ticket = session.scalars(select(Ticket)).one()
    assert taken.json() == {"ticket_number": ticket.number}
    assert (ticket.email, ticket.subject) == ("eve@x.example", "Do you repair boots?")
    assert ticket.body == "Eve <⟦email:1⟧> left a message:\n\nDo you repair boots?\nMine leak."
    assert leave(guest).json() == taken.json()
    assert [message["role"] for message in guest.thread()["messages"]] == ["visitor", "system"]
    assert f"ticket {ticket.number}" in guest.thread()["messages"][1]["content"]
    assert session.scalars(select(Turn)).all() == []
    assert leave(guest, client_msg_id="left-2").json() != taken.json()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"email": "no address"}, (422, "BadRequest")),
        ({"email": "a@b.example\r\nBcc: all@x.example"}, (422, "BadRequest")),
        ({"name": ""}, (422, "BadRequest")),
        ({"name": "x" * 101}, (422, "BadRequest")),
        ({"name": "a\x00b"}, (422, "BadRequest")),
        ({"question": " \n"}, (422, "MessageEmpty")),
        ({"question": "x" * 50_000}, (413, "MessageTooLong")),
        ({"client_msg_id": ""}, (422, "BadRequest")),
        ({"thread_id": "5"}, (404, "ThreadNotFound")),
        ({"priority": "urgent"}, (422, "BadRequest")),
    ],
)
def test_a_message_that_nobody_could_answer_is_refused(
    guest: Guest, session: Session, changes: dict[str, str], expected: tuple[int, str]
) -> None:
    assert error(leave(guest, **changes)) == expected
    assert session.scalars(select(Ticket)).all() == []


def test_a_message_is_left_in_ones_own_conversation_alone(guest: Guest, client: TestClient) -> None:
    assert error(leave(guest, thread_id=open_session(client).thread_id)) == (404, "ThreadNotFound")


def test_deleted_data_is_gone_and_the_receipt_is_the_same_each_time(guest: Guest, client: TestClient) -> None:
    other = open_session(client)
    for visitor in (guest, other):
        visitor.say("My name is Eve")
        leave(visitor)
    assert client.delete("/api/agent/data").status_code == 401
    first = client.delete("/api/agent/data", headers=guest.headers)
    again = client.delete("/api/agent/data", headers=guest.headers)
    assert (first.status_code, first.json()) == (200, again.json())
    assert guest.thread()["error"] == "ThreadNotFound"
    assert error(guest.say("Still there?")) == (404, "ThreadNotFound")
    assert len(other.thread()["messages"]) == 3
    assert bus.client().exists(bus.stream_key(guest.thread_id)) == 0
