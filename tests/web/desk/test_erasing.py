"""Erasing at the desk: confirmed by a word, audited with its place, and what is left is a receipt."""

from fastapi.testclient import TestClient
from sqlalchemy import func, select

from core import db
from core.models import AuditEntry, Erasure, Message, Thread, Visitor
from core.settings import get_settings
from orchestrator import probing
from tests.web.desk.house import add_thread, say
from tests.web.desk.staff import browser_of


def two_conversations() -> list[str]:
    """Of one visitor: the ids."""
    with db.transaction() as session:
        first = add_thread(session, email="ana@example.com")
        second = Thread(site_id=first.site_id, visitor_id=first.visitor_id, channel="web", status="bot")
        session.add(second)
        session.flush()
        for thread in (first, second):
            say(session, thread, "visitor", "My purple umbrella broke")
        return [str(first.id), str(second.id)]


def count(table: type) -> int:
    with db.transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_page_says_what_would_go_and_asks_for_a_word(client: TestClient) -> None:
    first, _ = two_conversations()
    bob = browser_of(client, "bob@shop.example", "supervisor")
    assert f"/desk/threads/{first}/erase" in bob.get(f"/desk/threads/{first}").text
    shown = bob.get(f"/desk/threads/{first}/erase").text
    assert "ana@example.com" in shown
    assert "1 more conversation" in shown
    for form in ({}, {"which": "thread"}, {"which": "all", "word": "erase"}, {"which": "visitor", "word": "yes"}):
        answer = bob.post(f"/desk/threads/{first}/erase", **form)
        assert (answer.status_code, "Nothing was erased" in answer.text) == (422, True), form
    assert (count(Message), count(Erasure)) == (2, 0)


def test_an_agent_is_not_offered_it(client: TestClient) -> None:
    first, _ = two_conversations()
    ada = browser_of(client, "ada@shop.example", "agent")
    assert "/erase" not in ada.get(f"/desk/threads/{first}").text
    assert ada.post(f"/desk/threads/{first}/erase", which="thread", word="erase").status_code == 403
    assert count(Message) == 2


def test_one_conversation_goes_and_the_other_stays(client: TestClient) -> None:
    first, second = two_conversations()
    bob = browser_of(client, "bob@shop.example", "supervisor")
    answer = bob.post(f"/desk/threads/{first}/erase", which="thread", word=" Erase ")
    assert answer.status_code == 303
    with db.transaction() as session:
        assert [str(id_) for id_ in session.scalars(select(Thread.id))] == [second]
        kept = session.scalars(select(Erasure)).one()
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "data.erased")).one()
    assert (kept.erased_by, kept.facts["ids"]) == ("staff", [first])
    assert (line.actor, line.address, line.subject) == ("bob@shop.example", "testclient", f"erasure:{kept.id}")
    assert line.staff_id is not None
    shown = bob.get(answer.headers["location"]).text
    assert "It is erased." in shown
    assert "Not yet: within a minute." in shown
    assert bob.get(f"/desk/threads/{first}").status_code == 404


def test_all_of_a_visitor_goes_and_the_desk_says_that_nothing_was_found(client: TestClient) -> None:
    first, _ = two_conversations()
    bob = browser_of(client, "bob@shop.example", "admin")
    where = bob.post(f"/desk/threads/{first}/erase", which="visitor", word="erase").headers["location"]
    assert (count(Thread), count(Visitor), count(Message)) == (0, 0, 0)
    assert probing.probe(get_settings()) == 1
    assert "Nothing was found in" in bob.get(where).text
    listed = bob.get("/desk/privacy").text
    assert "2 threads" in listed
    assert "Nothing was found" in listed
    assert "for ever" in listed
    assert where.partition("?")[0] in bob.get("/desk/audit").text


def test_the_last_conversation_takes_its_visitor_along(client: TestClient) -> None:
    first, second = two_conversations()
    bob = browser_of(client, "bob@shop.example", "supervisor")
    for thread in (first, second):
        bob.post(f"/desk/threads/{thread}/erase", which="thread", word="erase")
    assert (count(Thread), count(Visitor)) == (0, 0)
