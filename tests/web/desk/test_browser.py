"""The desk in a real browser: a day's work, live and by keyboard, and nothing for axe to find."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from core import db, embedded
from core.models import Document, EvidenceRecord, Thread, Ticket
from core.settings import get_settings
from orchestrator import inbox
from tests.browser import chromium
from tests.web.desk.house import furnish
from tests.web.desk.staff import PASSWORD, make_staff
from tests.web.live import Live, serving
from web.desk import accounts

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

__all__ = ["chromium"]

PACKAGE = find_spec("axe_playwright_python")
assert PACKAGE is not None
assert PACKAGE.origin is not None
AXE = (Path(PACKAGE.origin).parent / "axe.min.js").read_text()


@pytest.fixture
def live(committed: embedded.Addresses) -> Iterator[Live]:
    """A running server, and an admin with an account."""
    with serving(get_settings()) as running:
        make_staff("ada@shop.example", "admin", "*")
        yield running


def opened(chromium: Browser, live: Live, **options: Any) -> Page:
    """A page that is logged in."""
    page = chromium.new_context(base_url=str(live.client.base_url), **options).new_page()
    page.goto("/desk")
    page.fill("#email", "ada@shop.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Queue")
    return page


def hear(page: Page) -> list[str]:
    """What the browser complains of, from now on."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def test_a_conversation_from_queue_to_return(chromium: Browser, live: Live) -> None:
    """The visitor asks for a person, is answered live, writes back, and the assistant gets the thread again."""
    page = opened(chromium, live)
    heard = hear(page)
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.locator("#queue")).to_contain_text("Nobody waits for a person.")
    live.client.post(
        "/api/agent/handoff", json={"thread_id": live.thread_id, "reason": "A person, please"}, headers=live.headers
    )
    row = page.locator(".rowlink")
    expect(row).to_have_count(1)  # it came by itself
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Conversation")
    page.keyboard.press("c")
    expect(page.locator(".flash.good")).to_contain_text("is yours")
    with live.listening() as news:
        page.keyboard.press("r")
        page.keyboard.type("Hello <b>there</b>")
        expect(page.locator("#preview")).to_have_text("Hello <b>there</b>")
        page.keyboard.press("Control+Enter")
        said = next(event for event in news if event.kind == "message" and event.data["role"] == "staff")
        assert (said.data["content"], said.data["author"]) == ("Hello <b>there</b>", "Ada")
    page.fill("#reply", "half a sen")
    with db.transaction() as session:
        inbox.accept(
            session, session.get_one(Thread, UUID(live.thread_id)), "Thank you <script>alert(1)</script>", "m2"
        )
    expect(page.locator("#log")).to_contain_text("Thank you <script>alert(1)</script>")  # live, and only text
    expect(page.locator("#reply")).to_have_value("half a sen")  # what one types stays
    page.get_by_role("button", name="Return to the assistant").click()
    expect(page.locator(".flash.good")).to_contain_text("assistant answers again")
    assert heard == []
    page.context.close()


def test_a_role_that_is_taken_ends_what_is_open(chromium: Browser, live: Live) -> None:
    """An open page sees nothing more once the role is gone."""
    page = opened(chromium, live)
    with db.transaction() as session:
        accounts.give_role(session, accounts.named(session, "ada@shop.example"), "*", "")
    page.goto("/desk/tickets")
    expect(page.locator("h1")).to_have_text("Forbidden")
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium: Browser, live: Live, scheme: str) -> None:
    """No page has a fault that axe knows of, nor an error in the console, nor anything wider than a phone."""
    with db.transaction() as session:
        thread = furnish(session)
        document, ticket = session.scalars(select(Document.id)).first(), session.scalars(select(Ticket.number)).first()
        answer = session.scalars(select(EvidenceRecord.message_id)).first()
    anybody = chromium.new_context(base_url=str(live.client.base_url), color_scheme=scheme)  # type: ignore[arg-type]
    faults = _faults(anybody.new_page(), "/desk/login")
    page = opened(chromium, live, color_scheme=scheme)
    heard = hear(page)
    desk = (
        "",
        "/drafts",
        "/tickets",
        f"/tickets/{ticket}",
        "/search?q=jacket",
        "/search?q=no",
        "/audit",
        "/privacy",
        f"/threads/{thread.id}/erase",
        "/staff",
        "/me",
    )
    admin = ("kb", f"kb/documents/{document}", "tools", "metrics", "evals", "kb?state=cancelled")
    for path in (*(f"/desk{each}" for each in desk), *(f"/admin/agent/{each}" for each in admin)):
        faults += _faults(page, path)
    faults += _faults(page, f"/desk/threads/{thread.id}", lambda: page.keyboard.press("e"))
    faults += _faults(page, f"/desk/threads/{thread.id}/evidence/{answer}")
    faults += _faults(page, f"/desk/threads/{thread.id}", lambda: _claimed(page))
    faults += _faults(page, "/desk", lambda: page.keyboard.press("?"))
    assert heard == []
    faults += _faults(page, "/desk/nothing-here")
    assert faults == []
    page.set_viewport_size({"width": 360, "height": 740})
    for path in (
        "/desk",
        f"/desk/threads/{thread.id}",
        "/desk/tickets",
        "/admin/agent/kb",
        "/desk/staff",
        "/desk/audit",
        "/desk/privacy",
        f"/desk/threads/{thread.id}/erase",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    anybody.close()
    page.context.close()


def _claimed(page: Page) -> None:
    page.keyboard.press("c")
    page.fill("#reply", "Hello")


def _faults(page: Page, path: str, act: Callable[[], object] = lambda: None) -> list[str]:
    page.goto(path)
    act()
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{path}: {one['id']}: {one['nodes'][0]['target']}" for one in found["violations"]]
