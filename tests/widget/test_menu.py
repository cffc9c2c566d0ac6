"""The conversation as a whole: taken along, sent, deleted; and the form for when nobody can take the words."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.widget.backend import error
from tests.widget.conftest import Site, Visit, ask, launcher, opened

pytestmark = pytest.mark.browser
DOWN = 3  # tries of one call


def choose(page: Page, name: str) -> None:
    """From the menu."""
    page.locator("summary").click()
    page.get_by_role("button", name=name).click()


def fill_in(page: Page) -> None:
    """The offline form, and send it."""
    page.get_by_label("Name").fill("Eve")
    page.get_by_label("E-mail address").fill("eve@x.example")
    page.get_by_role("button", name="Send", exact=True).last.click()


def left(site: Site) -> list[tuple[str, str, str]]:
    """What was asked to be kept: name, address, words."""
    given = [fields for _, path, fields in site.script.calls if path == "/api/agent/contact"]
    return [(fields["name"], fields["email"], fields["question"]) for fields in given]


def test_deleting_asks_first_and_gives_a_receipt(visit: Visit, site: Site) -> None:
    """Cancelled, nothing happens. Done, the screen is empty in every tab, and nothing is left in the browser."""
    page, other = opened(visit), opened(visit)
    ask(page, "My name is Eve")
    expect(other.locator(".agent")).to_have_count(1)
    choose(page, "Delete my data")
    expect(page.get_by_role("dialog", name="Delete my data")).to_contain_text("for good")
    page.get_by_role("button", name="Cancel").click()
    assert site.script.count("DELETE", "/api/agent/data") == 0
    expect(page.get_by_label("Your message")).to_be_focused()
    choose(page, "Delete my data")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog", name="Delete my data")).to_contain_text("Receipt: r-1")
    receipt = page.get_by_role("link", name="r-1")
    expect(receipt).to_have_attribute("href", "/api/agent/receipts/r-1")
    expect(page.get_by_role("button", name="Close", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    for tab in (page, other):
        expect(tab.locator(".welcome")).to_be_visible()
        expect(tab.locator(".message")).to_have_count(0)
        stored = tab.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
        assert "Eve" not in stored
        assert "token-" not in stored


def test_deleting_fails_with_a_word_and_can_be_tried_again(visit: Visit, site: Site) -> None:
    page = opened(visit)
    ask(page, "hello")
    expect(page.locator(".agent")).to_have_count(1)
    site.script.failures["/api/agent/data"] = [error(503, "Unavailable", "Down.") for _ in range(DOWN)]
    choose(page, "Delete my data")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".problem")).to_have_text("Something went wrong on our side. Please try again in a moment.")
    expect(page.locator(".message")).to_have_count(2)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog", name="Delete my data")).to_contain_text("Receipt: r-1")


def test_where_nothing_was_said_nothing_is_asked(visit: Visit, site: Site) -> None:
    page = opened(visit)
    choose(page, "Delete my data")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Nothing is kept about you.")).to_be_visible()
    assert site.script.threads == {}


def test_no_mail_is_offered_where_none_is_sent(visit: Visit) -> None:
    page = opened(visit)
    page.locator("summary").click()
    expect(page.get_by_role("button", name="Download transcript")).to_be_visible()
    expect(page.get_by_role("button", name="Transcript by e-mail")).to_be_hidden()


def test_the_transcript_is_mailed_where_the_backend_offers_that(visit: Visit, site: Site) -> None:
    site.script.about = {"transcript_by_email": True}
    page = opened(visit)
    ask(page, "hello")
    expect(page.locator(".agent")).to_have_count(1)
    choose(page, "Transcript by e-mail")
    page.get_by_label("E-mail address").fill("no address")
    page.get_by_role("button", name="Send it").click()
    assert site.script.count("POST", "/api/agent/transcript") == 0, "the browser itself says what is wrong"
    page.get_by_label("E-mail address").fill("eve@x.example")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is on its way to eve@x.example.")).to_be_visible()
    asked = [fields for _, path, fields in site.script.calls if path == "/api/agent/transcript"]
    assert asked == [{"thread_id": "t1", "email": "eve@x.example"}]


def test_words_that_do_not_get_through_become_a_message_to_the_team(visit: Visit, site: Site) -> None:
    """The form has what was written; once it is through, the conversation shows it, and nothing as unsent."""
    site.script.failures["/api/agent/messages"] = [error(503, "Unavailable", "Down.") for _ in range(DOWN)]
    page = opened(visit)
    ask(page, "Do you repair boots?")
    page.get_by_role("button", name="Leave a message").click()
    expect(page.get_by_label("Your question")).to_have_value("Do you repair boots?")
    fill_in(page)
    expect(page.get_by_text("Thank you. We answer to eve@x.example.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".visitor")).to_have_count(1)
    expect(page.locator(".system")).to_have_text("Your message is with our team.")
    expect(page.get_by_text("Not sent.")).to_have_count(0)
    assert left(site) == [("Eve", "eve@x.example", "Do you repair boots?")]


def test_a_message_left_while_nobody_can_be_reached_is_sent_later(visit: Visit, site: Site) -> None:
    """Kept over a reload, and handed over once, though several tabs try."""
    page = opened(visit)
    page.context.set_offline(True)
    ask(page, "Do you repair boots?")
    page.get_by_role("button", name="Leave a message").click()
    fill_in(page)
    expect(page.get_by_text("Your message is kept on this device", exact=False)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".message")).to_have_count(0)
    assert "Do you repair boots?" in page.evaluate("JSON.stringify({...localStorage})")
    page.context.set_offline(False)
    other = visit()
    expect(page.locator(".system")).to_have_text("Your message is with our team.")
    page.reload()
    expect(page.locator(".system")).to_have_count(1)
    launcher(other).click()
    expect(other.locator(".system")).to_have_count(1)
    page.wait_for_function("localStorage['handrail:test:later'] === '{}'")
    [thread] = site.script.threads.values()
    assert [message["content"] for message in thread.messages][:1] == ["Do you repair boots?"]
    assert len(thread.messages) == 2


def test_a_message_that_is_refused_stays_in_the_form(visit: Visit, site: Site) -> None:
    refusal = "email is not an e-mail address."
    site.script.failures["/api/agent/contact"] = [error(422, "BadRequest", refusal)]
    site.script.about = {"people": {"open": False, "opens_at": None}}
    page = opened(visit)
    page.get_by_role("button", name="Talk to a person").click()
    page.get_by_label("Your question").fill("Do you repair boots?")
    fill_in(page)
    expect(page.locator(".problem")).to_have_text(refusal)
    expect(page.get_by_label("Your question")).to_have_value("Do you repair boots?")
    assert json.loads(page.evaluate("localStorage['handrail:test:later']")) == {}


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (None, ""),
        ({"open": True}, "Our team is here now."),
        ({"open": False, "opens_at": None}, "Our team is not here at the moment."),
        ({"open": False, "opens_at": "2026-11-23T08:00:00+00:00"}, "Our team is back Monday"),
    ],
)
def test_hours_are_told_and_out_of_them_a_message_is_left(
    visit: Visit, site: Site, people: dict[str, object] | None, said: str
) -> None:
    site.script.about = {"people": people}
    page = opened(visit)
    expect(page.locator(".hours")).to_contain_text(said)
    page.get_by_role("button", name="Talk to a person").click()
    if people and not people["open"]:
        expect(page.get_by_role("dialog", name="Leave a message")).to_contain_text(said)
        assert site.script.count("POST", "/api/agent/handoff") == 0
    else:
        expect(page.locator(".system")).to_have_text("A colleague has been called.")


def test_a_person_who_can_not_be_called_is_written_to(visit: Visit, site: Site) -> None:
    site.script.failures["/api/agent/handoff"] = [error(503, "Unavailable", "Down.") for _ in range(DOWN)]
    page = opened(visit)
    page.get_by_role("button", name="Talk to a person").click()
    page.locator(".notice").get_by_role("button", name="Leave a message").click()
    expect(page.get_by_role("dialog", name="Leave a message")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()
