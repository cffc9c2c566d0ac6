"""WordPress' tools for personal data: signed by the site, about its own visitors alone, each request once."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from core.db import transaction
from core.embedded import Addresses
from core.models import Feedback, Message, Thread, Ticket, Visitor
from core.settings import get_settings
from orchestrator.exporting import PAGE
from orchestrator.messages import say
from tests.conftest import SITE, make_site
from tests.web.wordpress import SECRET, signed
from web.app import make_app
from web.webhooks import privacy

MAIL = "ana@example.com"


@pytest.fixture
def doors(committed: Addresses) -> Iterator[TestClient]:
    with transaction() as session:
        for site in (SITE, "another"):
            make_site(session, site).webhook_secret = SECRET
    with TestClient(make_app(get_settings())) as opened:
        yield opened


def ask(doors: TestClient, what: str = "export", *, door: str | None = None, at: float = 0, **more: Any) -> Any:
    body = {"id": str(uuid4()), "site_id": SITE, "event": f"privacy.{what}", "email": MAIL, "page": 1} | more
    raw, headers = signed(body, at=time.time() + at)
    return doors.post(f"/webhooks/wordpress/privacy/{door or what}", content=raw, headers=headers)


def talks(*words: str, site: str = SITE, verified: str | None = MAIL, contact: str | None = None) -> None:
    """A visitor's conversation, with feedback and a ticket."""
    with transaction() as session:
        visitor = Visitor(site_id=site, verified_email=verified, contact_email=contact)
        session.add(visitor)
        session.flush()
        thread = Thread(site_id=site, visitor_id=visitor.id, channel="web")
        session.add(thread)
        session.flush()
        for each in words:
            last = say(session, thread.id, "visitor", each)
        session.add(Feedback(message_id=last, thumbs="down", tags=["wrong"]))
        more = {"email": contact or verified, "subject": "Zip", "body": "It broke."}
        session.add(Ticket(key=str(uuid4()), site_id=site, thread_id=thread.id, **more))


def left(site: str) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Visitor).where(Visitor.site_id == site)) or 0


def test_what_the_owner_of_an_address_said_is_exported(doors: TestClient) -> None:
    """And nobody else's: not a guest's who gave that address, and not another site's."""
    talks("My zip broke", "Hello?")
    talks("I am somebody else", verified=None, contact=MAIL)
    talks("Elsewhere", site="another")
    answer = ask(doors, email="Ana@Example.com ")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["done"]
    first, second, ticket = body["entries"]
    assert (first["kind"], first["facts"]["by"], first["facts"]["text"]) == ("message", "visitor", "My zip broke")
    assert second["facts"]["feedback"] == "down wrong"
    assert (ticket["kind"], ticket["facts"]["text"], ticket["facts"]["email"]) == ("ticket", "It broke.", MAIL)
    assert ask(doors, email="nobody@example.com").json() == {"entries": [], "done": True}


def test_much_is_exported_page_by_page(doors: TestClient) -> None:
    """Each entry once; tickets after the last message."""
    talks(*(f"Message {n}" for n in range(PAGE + 7)))
    pages = [ask(doors, page=page).json() for page in (1, 2, 3)]
    assert [page["done"] for page in pages] == [False, True, True]
    texts = [entry["facts"]["text"] for page in pages for entry in page["entries"]]
    assert texts == [*(f"Message {n}" for n in range(PAGE + 7)), "It broke."]


def test_erasing_takes_all_of_it_and_gives_a_receipt(doors: TestClient) -> None:
    """Guests who gave that address and proved no other, too; what others have is left, without the address."""
    talks("My zip broke")
    talks("A guest", verified=None, contact=MAIL)
    talks("Bo, for Ana", verified="bo@example.com", contact=MAIL)
    talks("Elsewhere", site="another")
    answer = ask(doors, "erase").json()
    assert answer["done"]
    assert answer["receipt"] | {"handoffs": 0} == answer["receipt"]
    counted = {name: answer["receipt"][name] for name in ("visitors", "threads", "messages", "tickets", "addresses")}
    assert counted == {"visitors": 2, "threads": 2, "messages": 2, "tickets": 2, "addresses": 2}
    with transaction() as session:
        assert session.scalars(select(Message.content).order_by(Message.content)).all() == ["Bo, for Ana", "Elsewhere"]
    assert left("another") == 1
    assert sum(ask(doors, "erase").json()["receipt"].values()) == 0


def test_many_visitors_are_erased_in_steps(doors: TestClient) -> None:
    for _ in range(privacy.AT_ONCE + 2):
        talks("Hello")
    first, second = ask(doors, "erase").json(), ask(doors, "erase", page=2).json()
    assert (first["done"], second["done"]) == (False, True)
    assert first["receipt"]["visitors"] + second["receipt"]["visitors"] == privacy.AT_ONCE + 2
    assert left(SITE) == 0


def test_a_request_counts_once(doors: TestClient) -> None:
    """Whoever has seen one is not given the answer again."""
    raw, headers = signed({"id": "1", "site_id": SITE, "event": "privacy.export", "email": MAIL})
    door = "/webhooks/wordpress/privacy/export"
    assert doors.post(door, content=raw, headers=headers).status_code == 200
    again = doors.post(door, content=raw, headers=headers)
    assert (again.status_code, again.json()["error"]) == (409, "Replayed")


@pytest.mark.parametrize("at", [-301, 400])
def test_old_and_future_requests_are_refused(doors: TestClient, at: float) -> None:
    assert ask(doors, at=at).json()["error"] == "SignatureStale"


def test_only_the_site_itself_may_ask(doors: TestClient) -> None:
    """Wrong, missing and unknown signatures; and what was signed for an export is no order to erase."""
    talks("Hello")
    raw, headers = signed({"id": "1", "site_id": SITE, "event": "privacy.erase", "email": MAIL}, secret="other")
    for given in (headers, {name: headers[name] for name in ("Content-Type",)}):
        answer = doors.post("/webhooks/wordpress/privacy/erase", content=raw, headers=given)
        assert (answer.status_code, answer.json()["error"]) == (401, "SignatureWrong")
    assert ask(doors, site_id="nobody").status_code == 401
    assert ask(doors, "export", door="erase").status_code == 400
    assert ask(doors, "erase", door="export").status_code == 400
    assert left(SITE) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"email": ""},
        {"email": "%"},
        {"email": "ana"},
        {"email": ["ana@example.com"]},
        {"email": "a" * 400 + "@example.com"},
        {"page": 0},
        {"page": "1"},
        {"page": True},
        {"page": 10**12},
    ],
    ids=str,
)
def test_nonsense_is_refused_with_the_field_that_is_wrong(doors: TestClient, more: dict[str, Any]) -> None:
    """Nothing is erased for an address that is none."""
    talks("Hello")
    answer = ask(doors, "erase", **more)
    assert answer.status_code == 400
    assert f"`{next(iter(more))}`" in answer.json()["detail"]
    assert left(SITE) == 1
