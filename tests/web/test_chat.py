"""The visitor's contract over HTTP: what is accepted, what is refused, and with which words."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Message, Site, Visitor
from core.settings import get_settings
from tests.conftest import SITE, make_site
from tests.web.client import Guest, open_session
from web import auth


def error(response: Any) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error", "detail"}
    assert body["detail"].endswith((".", "?"))
    return response.status_code, body["error"]


def test_a_message_is_accepted_and_stands_in_the_thread(guest: Guest) -> None:
    sent = guest.say("Where is my parcel?")
    assert sent.status_code == 202
    body = sent.json()
    assert set(body) == {"thread_id", "message_id", "turn_id"}
    assert body["turn_id"]
    thread = guest.thread()
    assert (thread["thread_id"], thread["status"]) == (guest.thread_id, "bot")
    first = thread["messages"][0]
    assert set(first) == {"id", "role", "content", "author", "citations", "created_at"}
    assert (first["id"], first["role"], first["content"]) == (body["message_id"], "visitor", "Where is my parcel?")


def test_the_same_message_twice_is_one(guest: Guest) -> None:
    assert guest.say("Hello?", "same").json() == guest.say("Hello?", "same").json()
    assert len(guest.thread()["messages"]) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (422, "MessageEmpty")),
        (" \n\t ", (422, "MessageEmpty")),
        ("x" * 50_000, (413, "MessageTooLong")),
        ("a\x00b", (422, "MessageNotText")),
        (5, (422, "BadRequest")),
        (None, (422, "BadRequest")),
        (["a"], (422, "BadRequest")),
    ],
)
def test_a_message_that_is_no_text_is_refused(guest: Guest, text: Any, expected: tuple[int, str]) -> None:
    assert error(guest.say(text)) == expected
    assert guest.thread()["messages"] == []


def test_bytes_that_are_no_json_are_refused(guest: Guest) -> None:
    for body in (
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"\xff\xfe{\x00}\x00",
        '{"user_msg": "é"}'.encode("latin-1"),
        b"{" * 9000,
    ):
        headers = {**guest.headers, "Content-Type": "application/json"}
        response = guest.client.post("/api/agent/messages", content=body, headers=headers)
        assert response.status_code in {400, 422}
        assert response.json()["error"] == "BadRequest"


def test_half_a_surrogate_pair_is_no_text(guest: Guest) -> None:
    body = f'{{"thread_id": "{guest.thread_id}", "user_msg": "a \\ud800", "client_msg_id": "1"}}'
    headers = {**guest.headers, "Content-Type": "application/json"}
    response = guest.client.post("/api/agent/messages", content=body.encode(), headers=headers)
    assert response.status_code == 422


@pytest.mark.parametrize("bad", ["", "x" * 65, "a b", "\x00", "ä", None])
def test_a_client_id_is_short_and_printable(guest: Guest, bad: Any) -> None:
    assert error(guest.say("Hi", bad)) == (422, "BadRequest")


def test_an_unknown_field_is_named(guest: Guest) -> None:
    response = guest.post("messages", thread_id=guest.thread_id, user_msg="Hi", client_msg_id="1", extra=1)
    assert error(response) == (422, "BadRequest")
    assert "`extra`" in response.json()["detail"]


def test_an_unknown_site(client: TestClient) -> None:
    assert error(client.post("/api/agent/session", json={"site_id": "nobody"})) == (404, "SiteNotFound")
    assert error(client.post("/api/agent/session", json={"site_id": "no/body"})) == (422, "BadRequest")
    assert error(client.post("/api/agent/session", json={})) == (422, "BadRequest")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc"])
def test_no_token(client: TestClient, header: str | None) -> None:
    headers = {"Authorization": header} if header is not None else {}
    response = client.get(f"/api/agent/thread/{uuid4()}", headers=headers)
    assert error(response) == (401, "TokenMissing")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_token(client: TestClient) -> None:
    for token in ("x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."):
        response = client.get(f"/api/agent/thread/{uuid4()}", headers={"Authorization": f"Bearer {token}"})
        assert error(response) == (401, "TokenInvalid")


def expired(guest: Guest, *, hours: float = 2) -> str:
    visitor = auth.read_token(get_settings(), guest.token, now=auth.utc_now())
    made, _ = auth.make_token(
        get_settings(),
        site_id=visitor.site_id,
        visitor_id=visitor.visitor_id,
        thread_id=visitor.thread_id,
        now=auth.utc_now() - timedelta(hours=hours),
    )
    return made


def test_an_expired_token_is_refused_and_renews_its_thread(guest: Guest) -> None:
    guest.say("Hello?")
    old = {"Authorization": f"Bearer {expired(guest)}"}
    assert error(guest.client.get(f"/api/agent/thread/{guest.thread_id}", headers=old)) == (401, "TokenExpired")
    body = {"site_id": SITE, "thread_id": guest.thread_id}
    renewed = guest.client.post("/api/agent/session", json=body, headers=old).json()
    assert renewed["thread_id"] == guest.thread_id
    again = Guest(guest.client, guest.thread_id, renewed["visitor_token"])
    assert [message["content"] for message in again.thread()["messages"]] == ["Hello?"]


def test_a_token_is_not_renewed_for_ever(guest: Guest) -> None:
    old = {"Authorization": f"Bearer {expired(guest, hours=24 * 40)}"}
    body = {"site_id": SITE, "thread_id": guest.thread_id}
    assert error(guest.client.post("/api/agent/session", json=body, headers=old)) == (401, "TokenExpired")


def test_renewing_needs_the_old_token(guest: Guest) -> None:
    body = {"site_id": SITE, "thread_id": guest.thread_id}
    assert error(guest.client.post("/api/agent/session", json=body)) == (401, "TokenMissing")


def test_another_visitors_thread_is_unknown(guest: Guest) -> None:
    other = open_session(guest.client)
    guest.say("My secret")
    wrong = Guest(guest.client, guest.thread_id, other.token)
    paths = [f"/api/agent/thread/{guest.thread_id}", f"/api/agent/thread/{guest.thread_id}/events"]
    answers = [guest.client.get(path, headers=other.headers) for path in paths]
    answers += [wrong.say("Hi"), wrong.post("handoff", thread_id=guest.thread_id)]
    answers.append(
        wrong.client.post(
            "/api/agent/session", json={"site_id": SITE, "thread_id": guest.thread_id}, headers=other.headers
        )
    )
    assert [error(answer) for answer in answers] == [(404, "ThreadNotFound")] * 5


@pytest.mark.parametrize("unknown", ["nothing", "0", "367575b0-98bd-4758-9f31-374a00cbae22", "' OR 1=1"])
def test_an_unknown_thread(guest: Guest, unknown: str) -> None:
    assert error(guest.client.get(f"/api/agent/thread/{unknown}", headers=guest.headers)) == (404, "ThreadNotFound")
    answer = guest.post("messages", thread_id=unknown, user_msg="Hi", client_msg_id="1")
    assert error(answer) == (404, "ThreadNotFound")


def test_a_token_of_one_site_opens_nothing_on_another(guest: Guest, session: Session) -> None:
    make_site(session, "other")
    body = {"site_id": "other", "thread_id": guest.thread_id}
    assert error(guest.client.post("/api/agent/session", json=body, headers=guest.headers)) == (404, "ThreadNotFound")
    assert error(guest.client.post("/api/agent/session", json={"site_id": "other"}, headers=guest.headers)) == (
        401,
        "TokenInvalid",
    )


def identity(site: Site, email: str) -> str:
    return auth.make_identity(site.identity_secret, email, now=auth.utc_now())


def test_an_identity_is_kept_with_the_visitor(client: TestClient, session: Session, site: Site) -> None:
    body = {"site_id": SITE, "identity_token": identity(site, "Ann@Example.com")}
    made = client.post("/api/agent/session", json=body).json()
    emails = session.scalars(select(Visitor.verified_email)).all()
    assert emails == ["ann@example.com"]
    token = {"Authorization": f"Bearer {made['visitor_token']}"}
    other = {"site_id": SITE, "thread_id": made["thread_id"], "identity_token": identity(site, "bob@example.com")}
    assert error(client.post("/api/agent/session", json=other, headers=token)) == (404, "ThreadNotFound")


def test_a_forged_identity_is_refused(client: TestClient) -> None:
    forged = auth.make_identity("some-other-secret-of-some-other-site", "a@b.example", now=auth.utc_now())
    body = {"site_id": SITE, "identity_token": forged}
    assert error(client.post("/api/agent/session", json=body)) == (401, "IdentityInvalid")


def test_a_person_is_called_once(guest: Guest) -> None:
    first = guest.post("handoff", thread_id=guest.thread_id)
    assert first.status_code == 202
    assert first.json()["status"] == "waiting"
    assert guest.post("handoff", thread_id=guest.thread_id, reason="Again").json() == first.json()
    assert guest.thread()["status"] == "waiting"
    assert guest.say("Anybody there?").json()["turn_id"] is None


def answered(guest: Guest, session: Session) -> str:
    guest.say("Hello?")
    message = Message(thread_id=guest.thread_id, role="agent", content="Hello.", citations=[])
    session.add(message)
    session.commit()
    return str(message.id)


def test_feedback_is_kept_and_the_last_counts(guest: Guest, session: Session) -> None:
    message_id = answered(guest, session)
    assert guest.post("feedback", message_id=message_id, thumbs="up").status_code == 200
    second = guest.post("feedback", message_id=message_id, thumbs="down", tags=["wrong"])
    assert second.json() == {"message_id": message_id, "thumbs": "down", "tags": ["wrong"]}


def test_feedback_on_what_is_not_there(guest: Guest, session: Session) -> None:
    message_id = answered(guest, session)
    other = open_session(guest.client)
    assert error(other.post("feedback", message_id=message_id, thumbs="up")) == (404, "MessageNotFound")
    assert error(guest.post("feedback", message_id="5", thumbs="up")) == (404, "MessageNotFound")
    assert error(guest.post("feedback", message_id=message_id, thumbs="sideways")) == (422, "BadRequest")
    assert error(guest.post("feedback", message_id=message_id, thumbs="up", tags=["x"] * 11)) == (422, "BadRequest")


def test_a_flood_is_told_to_wait(guest: Guest) -> None:
    limit = get_settings().messages_per_minute
    answers = [guest.say("Hi", f"m{n}") for n in range(limit + 1)]
    assert [answer.status_code for answer in answers[:-1]] == [202] * limit
    assert error(answers[-1]) == (429, "TooManyRequests")
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_refused_message_leaves_nothing(guest: Guest, session: Session) -> None:
    guest.say("")
    assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_the_contract_is_in_openapi(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    assert set(described["paths"]) >= {
        "/api/agent/session",
        "/api/agent/messages",
        "/api/agent/thread/{thread_id}",
        "/api/agent/thread/{thread_id}/events",
        "/api/agent/handoff",
        "/api/agent/feedback",
        "/rag/query",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    assert "Problem" in described["components"]["schemas"]


def test_the_widgets_files_are_served_with_an_etag(client: TestClient) -> None:
    first = client.get("/widget/widget.js")
    assert first.headers["Content-Type"] == "text/javascript; charset=utf-8"
    again = client.get("/widget/widget.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert error(client.get("/widget/nothing.js")) == (404, "NotFound")
    assert error(client.get("/widget/..%2f..%2fpyproject.toml")) == (404, "NotFound")
