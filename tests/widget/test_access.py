"""For everybody: axe finds nothing in any state, a keyboard is enough, and a screen reader says each thing once."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.widget.backend import error
from tests.widget.conftest import Site, Visit, launcher

pytestmark = pytest.mark.browser
OFFER = {"transcript_by_email": True, "people": {"open": False, "opens_at": "2026-11-23T08:00:00+00:00"}}


@pytest.fixture
def browsing() -> dict[str, Any]:
    """The page's policy is put aside for axe, which brings styles of its own."""
    return {"bypass_csp": True}


def choose(page: Page, place: int) -> None:
    """From the menu, in any language."""
    page.locator("summary").click()
    page.locator(".choices button").nth(place).click()


def leave_dialog(page: Page) -> None:
    """By the keyboard."""
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


def say(page: Page, text: str) -> None:
    """In any language."""
    page.locator(".composer textarea").fill(text)
    page.keyboard.press("Enter")


def states(page: Page, site: Site) -> Iterator[str]:
    """Walks through what a visitor can meet; stops at each state by its name."""
    script = site.script
    yield "closed"
    launcher(page).click()
    expect(page.locator(".hours")).not_to_be_empty()
    yield "open"
    page.locator("summary").click()
    yield "menu"
    page.locator("summary").click()
    script.hold = True
    say(page, "How do I return boots?")
    expect(page.locator(".scroller > .bubble")).to_contain_text("within 30 days.")
    yield "answering"
    script.hold = False
    page.locator(".down").click()
    expect(page.locator(".tags")).to_be_visible()
    yield "answered"
    script.failures["/api/agent/messages"] = [error(429, "TooMany", "Slow.", **{"Retry-After": "7"})]
    say(page, "And tents?")
    expect(page.locator(".delivery span")).to_be_visible()
    yield "unsent"
    script.failures["/api/agent/feedback"] = [error(422, "BadRequest", "This can't be rated.")]
    page.locator(".up").click()
    expect(page.locator(".notice")).to_contain_text("rated")
    yield "error"
    choose(page, 2)
    yield "dialog: mail"
    leave_dialog(page)
    page.locator(".person").click()
    yield "dialog: message"
    script.failures["/api/agent/contact"] = [error(422, "BadRequest", "This is no address.")]
    for name, value in {"name": "Eve", "email": "eve@x.example", "question": "When?"}.items():
        page.locator(f"dialog [name={name}]").fill(value)
    page.locator("dialog .act").click()
    expect(page.locator(".problem")).to_have_text("This is no address.")
    yield "dialog: refused"
    leave_dialog(page)
    [thread] = script.threads.values()
    thread.status = "person"
    thread.say("system", "Ann has joined.")
    thread.say("staff", "Hello, this is Ann.")
    expect(page.locator(".staff")).to_be_visible()
    yield "person"
    choose(page, 3)
    page.locator("dialog .act").click()
    expect(page.locator("dialog")).to_contain_text("r-1")
    yield "dialog: deleted"


@pytest.mark.parametrize(
    ("scheme", "tags", "width"),
    [("light", "", 1100), ("dark", "", 1100), ("light", "lang=ar", 1100), ("dark", "lang=ar", 360), ("light", "", 360)],
)
def test_axe_finds_nothing(visit: Visit, site: Site, scheme: str, tags: str, width: int) -> None:
    """In any state, with contrast."""
    site.script.about = OFFER
    page = visit(tags, width=width, height=740)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    for state in states(page, site):
        found = Axe().run(page).response
        told = [f"{one['id']}: {one['help']} {one['nodes'][0]['html'][:120]}" for one in found["violations"]]
        assert told == [], state
