"""The panel itself: opening, keyboard, first screen, languages, dark and mobile."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.widget.conftest import Site, Visit, launcher, opened
from web.packed import ROOT as ASSETS

pytestmark = pytest.mark.browser


def test_one_thing_is_asked_before_the_visitor_writes(visit: Visit, site: Site) -> None:
    """Loading the page costs the backend nothing; opening the first screen asks what the site offers, and only once."""
    page = opened(visit)
    expect(page.get_by_text("I am an AI assistant", exact=False)).to_be_visible()
    expect(page.get_by_role("button", name="Talk to a person")).to_be_visible()
    expect(page.get_by_role("link", name="Privacy")).to_have_attribute("href", f"{site.url}privacy")
    page.keyboard.press("Escape")
    launcher(page).click()
    assert [call[:2] for call in site.script.calls] == [("GET", "/api/agent/about/test")]


def test_keyboard_alone(visit: Visit) -> None:
    """Tab to the button, Enter opens with the focus in the field, Escape closes and gives the focus back."""
    page = visit()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    field = page.get_by_label("Your message")
    expect(field).to_be_focused()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    expect(field).to_have_value("one\ntwo")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(launcher(page)).to_be_focused()


def test_escape_closes_the_menu_before_the_panel(visit: Visit) -> None:
    """One Escape for each layer."""
    page = opened(visit)
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="New conversation")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="New conversation")).to_be_hidden()
    expect(page.locator("summary")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_suggestion_asks(visit: Visit) -> None:
    """A suggested question is asked by one click, and the suggestions are gone once something was said."""
    page = opened(visit)
    page.get_by_role("button", name="Where is my order?").click()
    expect(page.locator(".visitor .bubble")).to_have_text("Where is my order?")
    expect(page.locator(".welcome")).to_be_hidden()


def test_counter_near_the_limit(visit: Visit) -> None:
    """The characters left are told only when there are few, and no more than 4,000 fit."""
    page = opened(visit)
    field = page.get_by_label("Your message")
    field.fill("x" * 3_500)
    expect(page.locator(".left")).to_be_empty()
    field.fill("x" * 3_990)
    expect(page.locator(".left")).to_have_text("10 characters left")
    expect(field).to_have_attribute("maxlength", "4000")


@pytest.mark.parametrize(("tags", "scheme"), [("", "dark"), ("theme=dark", "light")])
def test_dark(visit: Visit, tags: str, scheme: str) -> None:
    """Dark by the visitor's system or by the page's choice: dark ground, light text."""
    page = visit(tags)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    launcher(page).click()
    ground, text = page.locator(".panel").evaluate(
        "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"
    )
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 60
    assert min(map(int, re.findall(r"\d+", text)[:3])) > 200


def test_right_to_left(visit: Visit) -> None:
    """Arabic: the words, the direction, and the panel on the left."""
    page = opened(visit, "lang=ar")
    expect(page.get_by_role("button", name="التحدث إلى شخص")).to_be_visible()
    box = page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert box["x"] < 100


def test_mobile_fills_the_screen(visit: Visit) -> None:
    """Below 480 px the panel is the whole screen."""
    page = opened(visit, width=390, height=780)
    page.wait_for_timeout(300)
    assert page.get_by_role("dialog").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 780}


def phrases(lang: str) -> dict[str, str]:
    """The phrases of one language."""
    read: dict[str, str] = json.loads((ASSETS / "chat" / "strings" / f"{lang}.json").read_text())
    return read


@pytest.mark.parametrize("lang", ["en", "es", "de", "ar"])
def test_every_language_is_whole(lang: str) -> None:
    """Each language has exactly the phrases of English, with the same places to fill in."""
    english, other = (phrases(name) for name in ("en", lang))
    assert other.keys() == english.keys()
    places = re.compile(r"{\w+}")
    assert {key: places.findall(text) for key, text in other.items()} == {
        key: places.findall(text) for key, text in english.items()
    }
