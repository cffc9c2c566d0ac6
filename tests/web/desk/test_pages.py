"""What pages say and what forms do: in the database, for the visitor, and in the audit log."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db
from core.models import AuditEntry, Document, Handoff, Message, Note, Site, Thread, Ticket
from core.settings import get_settings
from orchestrator import review
from tests.conftest import SITE, make_site
from tests.web.desk.house import MARKUP, add_thread, furnish, hand_off, say
from tests.web.desk.staff import Browser, browser_of
from web.app import make_app
from web.desk.finding import Wanted, find
from web.desk.pages import POLICY


@pytest.fixture
def thread(client: TestClient) -> Thread:
    """The conversation that waits, in a house full of others."""
    with db.transaction() as session:
        return furnish(session)


@pytest.fixture
def ada(client: TestClient, thread: Thread) -> Browser:
    """An admin."""
    return browser_of(client, "ada@shop.example", "admin", "*")


def noted(action: str) -> list[AuditEntry]:
    with db.transaction() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def spoken(thread: Thread, role: str) -> list[str]:
    with db.transaction() as session:
        wanted = select(Message.content).where(Message.thread_id == thread.id, Message.role == role)
        return list(session.scalars(wanted.order_by(Message.position)))


def test_nothing_is_kept_framed_or_run_from_elsewhere(ada: Browser) -> None:
    for path in ("/desk", "/desk/login", "/desk/nothing", "/admin/agent/kb"):
        headers = ada.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"] == POLICY
        assert headers["x-frame-options"] == "DENY"
    assert "unsafe" not in POLICY
    assert "frame-ancestors 'none'" in POLICY


def test_what_a_visitor_wrote_is_text_everywhere(ada: Browser, thread: Thread) -> None:
    with db.transaction() as session:
        ticket = session.scalars(select(Ticket.number)).first()
    listing = ("/desk", "/desk/tickets", "/desk/search?q=colour", "/desk/drafts")
    for path in (*listing, f"/desk/threads/{thread.id}", f"/desk/tickets/{ticket}"):
        page = ada.get(path).text
        assert "&lt;script&gt;" in page, path
        assert "<script>document" not in page, path
        assert "<img" not in page, path
        assert "onerror=" not in page.replace("&lt;img src=x onerror=alert(1)&gt;", ""), path


def test_a_link_that_runs_something_is_no_link(ada: Browser, thread: Thread) -> None:
    with db.transaction() as session:
        answer = session.scalars(select(Message).where(Message.role == "agent")).first()
        assert answer is not None
        answer.citations = [{**answer.citations[0], "link": "javascript:alert(1)"}]
        session.scalars(select(Ticket)).all()[0].external_url = "javascript:alert(1)"
    assert "javascript:" not in ada.get(f"/desk/threads/{thread.id}").text


def test_the_queue_shows_what_one_needs_to_choose(ada: Browser) -> None:
    page = ada.get("/desk").text
    for word in (
        "High",
        "ana@example.com",
        "Verified",
        ">DE<",
        "Wo ist mein Paket?",
        "overdue by",
        "due in",
        "(2) Queue",
    ):
        assert word in page, word


def test_an_answer_comes_with_what_it_rests_on(ada: Browser, thread: Thread) -> None:
    page = ada.get(f"/desk/threads/{thread.id}").text
    for word in (
        "cited as [1]",
        "score 0.900",
        "Exchange",
        "answerable 0.91",
        "out: citations",
        "confidence 0.93",
        "Thumb down",
    ):
        assert word in page, word
    assert "No visitor sees this" in page


def test_claim_reply_note_and_return(ada: Browser, thread: Thread) -> None:
    path = f"/desk/threads/{thread.id}"
    assert ada.post(f"{path}/reply", text="Too early.").status_code == 409
    assert spoken(thread, "staff") == []
    assert ada.post(f"{path}/claim").headers["location"] == f"{path}?done=claimed"
    sent = {"text": "Hello <b>Ana</b>", "once": "form-1"}
    assert ada.post(f"{path}/reply", **sent).status_code == 303
    assert ada.post(f"{path}/reply", **sent).status_code == 303  # the form was sent twice
    assert spoken(thread, "staff") == ["Hello <b>Ana</b>"]
    assert ada.post(f"{path}/note", note="She is right.").status_code == 303
    with db.transaction() as session:
        assert "She is right." in session.scalars(select(Note.content)).all()
    assert all("right" not in words for words in spoken(thread, "staff") + spoken(thread, "system"))
    assert ada.post(f"{path}/return").headers["location"] == "/desk?done=returned"
    with db.transaction() as session:
        assert session.get_one(Thread, thread.id).status == "bot"
    for action in ("handoff.claimed", "handoff.sent", "note.written", "handoff.returned"):
        (first, *_) = noted(action)
        assert (first.actor, first.subject, first.site_id) == ("ada@shop.example", f"thread:{thread.id}", SITE)
        assert first.address == "testclient"


def test_who_comes_second_is_told_who_has_it_and_a_supervisor_takes_over(
    client: TestClient, ada: Browser, thread: Thread
) -> None:
    bo, cleo = browser_of(client, "bo@shop.example", "agent"), browser_of(client, "cleo@shop.example", "supervisor")
    path = f"/desk/threads/{thread.id}"
    ada.post(f"{path}/claim")
    late = bo.post(f"{path}/claim")
    assert late.status_code == 409
    assert "Ada has this conversation already." in late.text
    assert bo.post(f"{path}/take").status_code == 403
    assert "Take over from Ada" in cleo.get(path).text
    assert cleo.post(f"{path}/take").status_code == 303
    assert ada.post(f"{path}/reply", text="Still me?").status_code == 409
    assert cleo.post(f"{path}/resolve").status_code == 303


@pytest.mark.parametrize(("text", "status"), [("", 422), ("x" * 40_000, 413), ("a\x00b", 422)])
def test_a_reply_that_cannot_be_sent_is_refused_with_what_was_typed(
    ada: Browser, thread: Thread, text: str, status: int
) -> None:
    ada.post(f"/desk/threads/{thread.id}/claim")
    answer = ada.post(f"/desk/threads/{thread.id}/reply", text=text)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert text.replace("\x00", "") == "" or text[:20] in answer.text
    assert spoken(thread, "staff") == []


def test_reading_is_written_down_once_for_each_sitting(ada: Browser, thread: Thread) -> None:
    for _ in range(3):
        ada.get(f"/desk/threads/{thread.id}")
    assert len(noted("thread.read")) == 1
    with db.transaction() as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.action == "thread.read")).one()
        row.at = datetime.now(UTC) - timedelta(hours=1)
    ada.get(f"/desk/threads/{thread.id}")
    assert len(noted("thread.read")) == 2
    assert f"/desk/threads/{thread.id}" in ada.get("/desk/audit?action=thread.").text


def test_a_long_conversation_comes_in_pages(ada: Browser, thread: Thread) -> None:
    with db.transaction() as session:
        for n in range(210):
            say(session, thread, "visitor", f"word{n:03}")
    page = ada.get(f"/desk/threads/{thread.id}").text
    assert "word209" in page
    assert "word001" not in page
    before = page.partition("?before=")[2].partition('"')[0]
    assert "word001" in ada.get(f"/desk/threads/{thread.id}?before={before}").text


def test_drafts_are_sent_edited_or_refused(client: TestClient, ada: Browser) -> None:
    with db.transaction() as session:
        (held,) = review.drafts(session)
    assert "You can return it within 30 days. [1]" in ada.get("/desk/drafts").text
    empty = ada.post(f"/desk/drafts/{held.name}/approve", text="  ")
    assert empty.status_code == 422
    assert ada.post(f"/desk/drafts/{held.name}/approve", text="Within 30 days, gladly. [1]").status_code == 303
    with db.transaction() as session:
        said = session.scalars(
            select(Message).where(Message.thread_id == held.thread_id, Message.role == "agent")
        ).one()
        assert said.content == "Within 30 days, gladly. [1]"
    (line,) = noted("draft.approved")
    assert line.details == {"edited": True}
    assert ada.post(f"/desk/drafts/{held.name}/refuse", reason="Late.").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=jacket", True),
        ("q=JACKET+return", True),
        ("q=nowhere", False),
        ("email=Ana@example.com", True),
        ("q=jacket&status=closed", False),
        ("q=jacket&language=en&site=demo-test", True),
        ("q=jacket&until=2020-01-01", False),
        ("since=2020-01-01", True),
        ("mine=1", False),
    ],
)
def test_search_by_words_and_filters(ada: Browser, thread: Thread, query: str, *, found: bool) -> None:
    assert (str(thread.id) in ada.get(f"/desk/search?{query}").text) is found


def test_a_number_leads_to_its_conversation(ada: Browser, thread: Thread) -> None:
    with db.transaction() as session:
        number = session.scalars(select(Handoff.number).where(Handoff.thread_id == thread.id)).one()
    assert ada.get(f"/desk/search?q=%23{number}", follow_redirects=False).headers["location"].endswith(str(thread.id))
    assert ada.get("/desk/search?q=%23999999999").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/desk/search?since=tomorrow",
        "/desk/search?q=%00",
        "/desk/search?channel=a%00b",
        "/desk/audit?before=99999999999999999999",
        "/desk/audit?actor=%00",
        "/desk/threads/none",
        "/desk/threads/none?before=x",
        "/desk/tickets/99999999999999999999",
        "/desk/tickets?after=-1",
        "/admin/agent/kb?after=%00",
        "/admin/agent/kb/documents/1",
        "/admin/agent/metrics?day=x",
        "/desk/search?q='%20|%20!%20:*",
        "/desk?site=%00",
    ],
)
def test_odd_addresses_are_answered_with_a_page(ada: Browser, path: str) -> None:
    answer = ada.get(path)
    assert answer.status_code in {200, 404, 422}
    assert answer.headers["content-type"].startswith("text/html")


def test_words_are_found_among_old_messages_and_newest_first(session: Session, site: Site) -> None:
    make_site(session, "other")
    old, new, theirs = add_thread(session), add_thread(session), add_thread(session, "other")
    for thread in (old, theirs, new):
        say(session, thread, "visitor", f"my zipper is broken {MARKUP}")
    say(session, new, "agent", "A zipper can be repaired.")
    rows = find(session, [SITE], Wanted("zipper"))
    assert [(row.id, row.role) for row in rows] == [(new.id, "agent"), (old.id, "visitor")]
    assert find(session, [], Wanted("zipper")) == ()


def test_a_file_is_taken_registered_and_watched(ada: Browser) -> None:
    files = {"file": ("../../re turns.md", io.BytesIO(b"# Returns\n\n30 days."), "text/markdown")}
    answer = upload(ada, files, title="Returns", url="https://shop.example/returns")
    where = answer.headers["location"].partition("?")[0]
    assert "queued" in ada.get(where).text
    with db.transaction() as session:
        document = session.scalars(select(Document).where(Document.title == "Returns")).one()
    path = Path(document.locator)
    assert path.is_relative_to(get_settings().home.resolve() / "uploads" / SITE)
    assert (path.name, path.read_text()) == ("re turns.md", "# Returns\n\n30 days.")
    assert ada.post(f"{where}/remove").status_code == 303
    assert "removed" in ada.get(where).text
    assert [line.action for line in noted("document.uploaded")] == ["document.uploaded"]


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [("a.exe", b"MZ", 422), ("a.md", b"", 422), (".md", b"x", 422), ("..", b"x", 422), ("a.md", b"x" * 3_000, 422)],
)
def test_a_file_that_cannot_be_taken(client: TestClient, ada: Browser, name: str, data: bytes, status: int) -> None:
    client.app.state.settings = get_settings().model_copy(update={"desk_upload_bytes": 2_000})  # type: ignore[attr-defined]
    before = sorted((get_settings().home / "uploads").rglob("*"))
    answer = upload(ada, {"file": (name, io.BytesIO(data), "text/plain")})
    assert answer.status_code == status
    assert sorted(each for each in (get_settings().home / "uploads").rglob("*") if each.is_file()) == [
        each for each in before if each.is_file()
    ]


def test_a_large_body_of_a_stranger_is_not_read(client: TestClient) -> None:
    answer = client.post("/admin/agent/kb/upload", files={"file": ("a.md", b"x" * 100_000)}, follow_redirects=False)
    assert answer.headers["location"] == "/desk/login"


def upload(browser: Browser, files: dict[str, Any], **form: str) -> Any:
    sent = {"csrf": browser.csrf, "site": SITE} | form
    headers = {"Cookie": f"handrail={browser.token}"}
    return browser.client.post(
        "/admin/agent/kb/upload", data=sent, files=files, headers=headers, follow_redirects=False
    )


def test_failed_documents_say_why_and_are_tried_again(ada: Browser) -> None:
    page = ada.get("/admin/agent/kb?state=failed").text
    assert "The PDF has no text" in page
    where = page.partition("/admin/agent/kb/documents/")[2].partition('"')[0]
    assert ada.post(f"/admin/agent/kb/documents/{where}/retry").status_code == 303
    assert "tried again" in ada.get(f"/admin/agent/kb/documents/{where}").text
    assert ada.post(f"/admin/agent/kb/documents/{where}/explode").status_code == 404


def test_tools_show_schemas_breakers_and_calls(ada: Browser) -> None:
    from orchestrator import circuits

    circuits.trip("tool:search_kb", 60)
    page = ada.get("/admin/agent/tools").text
    for word in ("search_kb", "Breaker open: rests", "additionalProperties", "0.20 s", "get_order"):
        assert word in page, word


def test_figures_of_a_day(ada: Browser) -> None:
    page = ada.get("/admin/agent/metrics").text
    assert "Conversations" in page
    assert "answered" in page
    assert "Nobody asked anything" in ada.get("/admin/agent/metrics?day=2020-01-01").text


def test_a_ticket_is_assigned_answered_and_solved(ada: Browser, thread: Thread) -> None:
    with db.transaction() as session:
        number = session.scalars(select(Ticket.number).where(Ticket.thread_id == thread.id)).one()
    path = f"/desk/tickets/{number}"
    assert ada.post(f"{path}/assign", to="ada@shop.example", before="").status_code == 303
    stale = ada.post(f"{path}/assign", to="bo@shop.example", before="")
    assert stale.status_code == 409
    assert "look at it again" in stale.text
    assert ada.post(f"{path}/reply", text="It is on its way.").status_code == 303
    assert spoken(thread, "staff") == ["It is on its way."]
    assert ada.post(f"{path}/solve").status_code == 303
    assert "Open it again" in ada.get(path).text
    assert f"#{number}" not in ada.get("/desk/tickets?who=me").text
    assert f"#{number}" in ada.get("/desk/tickets?state=solved").text


def test_staff_get_a_password_that_is_shown_once(ada: Browser) -> None:
    made = ada.post("/desk/staff/add", email="new@shop.example", name="New", site=SITE, role="agent")
    assert made.status_code == 200
    assert "shown only now" in made.text
    assert "shown only now" not in ada.get("/desk/staff").text
    assert ada.post("/desk/staff/add", email="no address", name="X", site=SITE, role="agent").status_code == 422
    mine = ada.get("/desk/staff").text.partition("ada@shop.example")[2].partition("/desk/staff/")[2].partition("/")[0]
    assert ada.post(f"/desk/staff/{mine}/role", site="*", role="agent").status_code == 409  # one's own
    assert ada.post(f"/desk/staff/{mine}/disable", disabled="1").status_code == 409


def test_in_production_a_password_does_not_travel_in_the_clear(site: Site, session: Session) -> None:
    session.commit()
    strict = get_settings().model_copy(update={"profile": "production"})
    with TestClient(make_app(strict), base_url="http://desk.shop.example") as plain:
        answer = plain.get("/desk/login")
        assert answer.status_code == 403
        assert "https" in answer.text
        assert 'name="password"' not in answer.text


def test_an_id_is_no_way_in_without_a_role(client: TestClient, thread: Thread) -> None:
    nobody = browser_of(client, "nobody@shop.example")
    assert nobody.get(f"/desk/threads/{thread.id}").status_code == 403
    assert nobody.get(f"/desk/threads/{uuid4()}").status_code == 403
    assert nobody.get("/desk/me").status_code == 200


def test_what_one_has_is_apart_from_what_others_have(client: TestClient, ada: Browser, thread: Thread) -> None:
    with db.transaction() as session:
        hand_off(session, add_thread(session))
    ada.post(f"/desk/threads/{thread.id}/claim")
    mine = ada.get("/desk").text.partition('id="h-mine"')[2]
    assert "You have it" in mine
    assert "Ada has it" in browser_of(client, "bo@shop.example", "agent").get("/desk").text
