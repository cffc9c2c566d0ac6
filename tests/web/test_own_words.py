"""Who sees a visitor's own words, and who sees that there are some: the visitor, the desk; not Slack, no list."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import bus, db
from core.embedded import Addresses
from core.models import AuditEntry, Handoff, Message, Note, Ticket
from core.settings import get_settings
from orchestrator import desk
from orchestrator.people import operator
from tests.web.client import Guest
from tests.web.desk.staff import Browser, browser_of
from tests.web.live import Live, serving
from tests.web.slack import ADA, Rig, rig

__all__ = ["rig"]

MAIL, NUMBER = "priya.nandakumar@example.com", "10231"
WORDS = f"Where is my order {NUMBER}? I am {MAIL}"
KEPT = "Where is my order ⟦order:1⟧? I am ⟦email:1⟧"
SHOWN = "Where is my order [order 1]? I am [email 1]"


@pytest.fixture
def asked(guest: Guest) -> Guest:
    """A visitor who has written of themselves, and waits for a person."""
    guest.say(WORDS)
    guest.post("handoff", thread_id=guest.thread_id, reason=f"Write to {MAIL}")
    return guest


@pytest.fixture
def ada(client: TestClient, asked: Guest) -> Browser:
    return browser_of(client, "ada@shop.example", "admin", "*")


def transcript(guest: Guest, form: str) -> Any:
    return guest.client.get(f"/api/agent/thread/{guest.thread_id}/transcript?format={form}", headers=guest.headers)


def test_the_visitor_reads_what_they_wrote(asked: Guest, session: Session) -> None:
    kept = session.scalars(select(Message.content).where(Message.role == "visitor")).all()
    assert kept == [KEPT]
    assert asked.thread()["messages"][0]["content"] == WORDS
    assert transcript(asked, "json").json()["messages"][0]["content"] == WORDS
    assert MAIL in transcript(asked, "html").text


def test_a_conversation_at_the_desk_is_opened_and_that_is_written_down(ada: Browser, asked: Guest) -> None:
    page = ada.get(f"/desk/threads/{asked.thread_id}").text
    assert WORDS in page
    assert f"Write to {MAIL}" in page
    with db.transaction() as session:
        read = session.scalars(select(AuditEntry).where(AuditEntry.action == "thread.read")).one()
    assert read.subject == f"thread:{asked.thread_id}"


@pytest.mark.parametrize("path", ["/desk", "/desk/search?q=where", "/desk/tickets"])
def test_lists_show_that_there_is_something(ada: Browser, asked: Guest, session: Session, path: str) -> None:
    handoff = session.scalars(select(Handoff)).one()
    case = {"site_id": handoff.site_id, "thread_id": handoff.thread_id, "subject": KEPT, "body": "b"}
    session.add(Ticket(key="k", email=None, **case))
    session.commit()
    page = ada.get(path).text
    assert "[order 1]" in page
    assert "⟦" not in page
    assert NUMBER not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"q={NUMBER}", True),
        (f"q=%23{NUMBER}+where", True),
        (f"q={MAIL.upper()}", True),
        (f"q={MAIL}+{NUMBER}", True),
        (f"email={MAIL}", True),
        ("q=10232", False),
        (f"q={NUMBER}+nowhere", False),
        ("email=other@example.com", False),
        (f"q={MAIL}&status=closed", False),
    ],
)
def test_the_desk_finds_what_is_put_away(ada: Browser, asked: Guest, query: str, *, found: bool) -> None:
    assert (asked.thread_id in ada.get(f"/desk/search?{query}").text) is found


def test_what_staff_repeat_is_put_away_and_the_visitor_reads_it(asked: Guest, session: Session) -> None:
    handoff = session.scalars(select(Handoff)).one()
    desk.claim(session, handoff.id, operator("ada"))
    desk.reply(session, handoff.id, operator("ada"), f"Order {NUMBER} leaves today; [email 1] hears of it.")
    desk.note(session, handoff.thread_id, operator("ada"), f"Wrote to {MAIL}.")
    said = session.scalars(select(Message.content).where(Message.role == "staff")).one()
    assert said == "Order ⟦order:1⟧ leaves today; ⟦email:1⟧ hears of it."
    assert session.scalars(select(Note.content)).one() == "Wrote to ⟦email:1⟧."
    assert asked.thread()["messages"][-1]["content"] == f"Order {NUMBER} leaves today; {MAIL} hears of it."


def test_a_ticket_at_the_desk_is_opened(ada: Browser, asked: Guest, session: Session) -> None:
    thread_id = UUID(asked.thread_id)
    site_id = session.scalars(select(Handoff.site_id)).one()
    ticket = Ticket(key="k", site_id=site_id, thread_id=thread_id, email=None, subject="s", body=KEPT)
    session.add(ticket)
    session.commit()
    assert WORDS in ada.get(f"/desk/tickets/{ticket.number}").text


def test_slack_never_sees_one(rig: Rig) -> None:
    head = rig.waiting()
    rig.says(rig.row(head).id, WORDS)
    rig.people.presses(ADA, head, "claim")
    rig.settle()
    everything = json.dumps([vars(each) for each in rig.there.messages], default=str, ensure_ascii=False)
    assert SHOWN in everything
    assert "⟦" not in everything
    assert NUMBER not in everything
    assert MAIL not in everything


@pytest.fixture
def live(committed: Addresses) -> Iterator[Live]:
    with serving(get_settings()) as running:
        yield running


def test_the_stream_opens_what_redis_holds_closed(live: Live) -> None:
    thread_id = UUID(live.thread_id)
    with live.listening() as heard:
        sent = {"thread_id": live.thread_id, "user_msg": WORDS, "client_msg_id": "1"}
        assert live.client.post("/api/agent/messages", json=sent, headers=live.headers).status_code == 202
        told = next(each for each in heard if each.kind == "message")
        bus.publish(thread_id, "sentence", turn_id="t", n=0, text="It is ⟦order:1⟧.", citations=[])
        sentence = next(each for each in heard if each.kind == "sentence")
    assert told.data["content"] == WORDS
    assert sentence.data["text"] == f"It is {NUMBER}."
    rows: Any = bus.client().xrange(bus.stream_key(thread_id))
    assert NUMBER not in json.dumps(rows)
