"""A visitor takes the conversation along: as a page, as JSON, by mail; nobody else's, and no flood of letters."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Note, Outgoing, Site, Visitor
from core.settings import get_settings
from tests.web.client import Guest, open_session
from web.app import make_app

ADA = "ada@example.com"


@pytest.fixture
def client(session: Session, site: Site) -> Iterator[TestClient]:
    """The application, with a mail server to send by."""
    site.mail_from = "support@shop.example"
    session.commit()
    with TestClient(make_app(get_settings().model_copy(update={"smtp_host": "mail.shop.example"}))) as opened:
        yield opened


def page(guest: Guest, form: str = "html", thread: str | None = None) -> Any:
    path = f"/api/agent/thread/{thread or guest.thread_id}/transcript?format={form}"
    return guest.client.get(path, headers=guest.headers)


def letters(session: Session) -> list[Outgoing]:
    return list(session.scalars(select(Outgoing).where(Outgoing.kind == "transcript")))


def test_as_a_page_it_is_words_alone(guest: Guest) -> None:
    guest.say("<script>alert(1)</script> Where is my parcel?")
    got = page(guest)
    assert got.status_code == 200
    assert "Where is my parcel?" in got.text
    assert "<script" not in got.text
    assert got.headers["content-disposition"] == 'attachment; filename="conversation.html"'
    assert got.headers["cache-control"] == "no-store"
    assert "sandbox" in got.headers["content-security-policy"]


def test_as_json_it_is_what_the_thread_is_and_no_note(guest: Guest, session: Session) -> None:
    guest.say("Where is my parcel?")
    session.add(Note(thread_id=guest.thread_id, author="ben", content="A difficult one.", source="desk"))
    session.commit()
    got = page(guest, "json")
    assert got.json()["messages"] == guest.thread()["messages"]
    assert "difficult" not in got.text + page(guest).text


def test_somebody_elses_is_unknown(client: TestClient, guest: Guest) -> None:
    other = open_session(client)
    assert page(guest, thread=other.thread_id).status_code == 404
    assert guest.post("transcript", thread_id=other.thread_id, email=ADA).status_code == 404
    assert page(guest, "pdf").status_code == 422


def test_by_mail_it_leaves_once_for_one_conversation(guest: Guest, session: Session) -> None:
    guest.say("Where is my parcel?")
    for _ in range(2):
        sent = guest.post("transcript", thread_id=guest.thread_id, email=ADA)
        assert (sent.status_code, sent.json()) == (202, {"email": ADA})
    assert [letter.body for letter in letters(session)] == [{"thread": guest.thread_id, "to": ADA}]


def test_without_an_address_it_goes_to_the_one_that_is_known_or_says_that_none_is(
    guest: Guest, session: Session
) -> None:
    guest.say("Hello?")
    refused = guest.post("transcript", thread_id=guest.thread_id)
    assert (refused.status_code, refused.json()["error"]) == (409, "AddressWanted")
    visitor = session.scalars(select(Visitor)).one()
    visitor.verified_email = ADA
    session.commit()
    assert guest.post("transcript", thread_id=guest.thread_id).json() == {"email": ADA}


@pytest.mark.parametrize("email", ["", "nobody", f"{ADA}\nBcc: eve@example.com", f"{ADA}, eve@example.com", 7])
def test_what_is_no_address_is_refused(guest: Guest, session: Session, email: object) -> None:
    assert guest.post("transcript", thread_id=guest.thread_id, email=email).status_code == 422
    assert letters(session) == []


def test_nobody_is_flooded(client: TestClient, session: Session) -> None:
    """The fourth letter within an hour to one address, from four visitors, is refused."""
    codes = []
    for _ in range(4):
        guest = open_session(client)
        guest.say("Hello?")
        codes.append(guest.post("transcript", thread_id=guest.thread_id, email=ADA).status_code)
    assert codes == [202, 202, 202, 429]
    assert len(letters(session)) == 3


def test_a_site_without_mail_says_so(guest: Guest, session: Session, site: Site) -> None:
    site.mail_from = ""
    session.commit()
    refused = guest.post("transcript", thread_id=guest.thread_id, email=ADA)
    assert (refused.status_code, refused.json()["error"]) == (409, "NoMail")
    assert "download" in refused.json()["detail"]
