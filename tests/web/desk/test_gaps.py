"""What nothing answers, as the desk shows it; and answers that become cases there."""

from fastapi.testclient import TestClient
from sqlalchemy import func, select

from core import db
from core.models import AuditEntry, EvalCase, Message, Site, Thread
from tests.conftest import SITE
from tests.web.desk.house import MARKUP, add_thread, add_turn, furnish, say
from tests.web.desk.staff import Browser, browser_of


def answer_of(thread: Thread) -> Message:
    with db.transaction() as session:
        wanted = select(Message).where(
            Message.thread_id == thread.id, Message.role == "agent", Message.turn_id.is_not(None)
        )
        return session.scalars(wanted).first()  # type: ignore[return-value]


def test_the_page_shows_questions_as_text_and_counts_people(client: TestClient, site: Site) -> None:
    with db.transaction() as session:
        for words in ("Do you sell kayaks?", "looking for a kayak, do you have any", MARKUP):
            thread = add_thread(session)
            turn = add_turn(session, thread)
            turn.outcome = "abstained"
            say(session, thread, "visitor", words, turn_id=turn.id)
    ada = browser_of(client, "ada@shop.example", "admin")
    shown = ada.get("/admin/agent/gaps").text
    assert "<strong>2</strong>" in shown
    assert "Do you sell kayaks?" in shown
    assert MARKUP not in shown
    assert "Do you sell kayaks?" not in ada.get("/admin/agent/gaps?site=nowhere").text
    assert ada.get("/admin/agent/gaps?days=0").status_code == 422


def test_one_click_makes_a_case_once(client: TestClient, site: Site) -> None:
    with db.transaction() as session:
        thread = furnish(session)
    ada: Browser = browser_of(client, "ada@shop.example", "agent")
    path = f"/desk/messages/{answer_of(thread).id}/case"
    assert "Make a case of it" in ada.get(f"/desk/threads/{thread.id}").text
    assert "A visitor disliked this answer" in ada.post(path).text  # so it is no model
    first = ada.post(path, must="30 days")
    assert first.status_code == 303, first.text
    assert first.headers["location"] == f"/desk/threads/{thread.id}?done=case"
    assert ada.post(path, must="30 days\n\n").status_code == 409
    with db.transaction() as session:
        assert session.scalar(select(func.count()).where(EvalCase.site_id == SITE)) == 1
        assert session.scalar(select(func.count()).where(AuditEntry.action == "case.made")) == 1


def test_what_cannot_become_a_case_says_why(client: TestClient, site: Site) -> None:
    with db.transaction() as session:
        thread = furnish(session)
    ada = browser_of(client, "ada@shop.example", "agent")
    path = f"/desk/messages/{answer_of(thread).id}/case"
    wrong = ada.post(path, outcome="great")
    assert (wrong.status_code, "an outcome is answered" in wrong.text) == (422, True)
    assert ada.post(path, must="x" * 6_000).status_code == 422
