"""People, failures, and what changes behind the visitor's back: nobody is left without a word."""

import pytest
from playwright.sync_api import expect

from tests.widget.backend import error
from tests.widget.conftest import Site, Visit, ask, opened

pytestmark = pytest.mark.browser


def test_person_from_the_first_screen(visit: Visit, site: Site) -> None:
    """One click, nothing written before; then a person's words are marked as a person's."""
    page = opened(visit)
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.get_by_text("A person has been asked to join.", exact=False)).to_be_visible()
    expect(page.locator(".system")).to_have_text("A colleague has been called.")
    assert site.script.count("POST", "/api/agent/messages") == 0
    (thread,) = site.script.threads.values()
    thread.status = "person"
    thread.say("staff", "Hello, this is Ann.")
    expect(page.locator(".staff .author")).to_contain_text("Support team")
    expect(page.get_by_text("You are talking with a person.")).to_be_visible()


def test_staff_reply_is_counted_on_the_closed_button(visit: Visit, site: Site) -> None:
    """Waiting for a person goes on while the panel is closed, also on the next page."""
    page = opened(visit)
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.locator(".system")).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()
    (thread,) = site.script.threads.values()
    thread.say("staff", "Hello, this is Ann.")
    expect(page.get_by_role("button", name="Open chat, new messages: 1")).to_be_visible()


def test_failed_message_can_be_tried_again(visit: Visit, site: Site) -> None:
    """The backend fails three times: the visitor is told; one more try, under the same id, and it is through."""
    site.script.failures["/api/agent/messages"] = [error(503, "Unavailable", "Down.") for _ in range(3)]
    page = opened(visit)
    ask(page, "How do I return boots?")
    expect(page.get_by_role("alert").filter(has_text="Not sent. Something went wrong on our side.")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)
    expect(page.get_by_role("log").locator(".visitor")).to_have_count(1)
    ids = {fields["client_msg_id"] for _, path, fields in site.script.calls if path == "/api/agent/messages"}
    assert len(ids) == 1


def test_too_many_messages(visit: Visit, site: Site) -> None:
    """429: the visitor reads how long to wait."""
    site.script.failures["/api/agent/messages"] = [error(429, "TooMany", "Slow down.", **{"Retry-After": "7"})]
    page = opened(visit)
    ask(page, "hello")
    expect(page.get_by_role("alert").filter(has_text="Please try again in 7 seconds.")).to_be_visible()


def test_refused_message_can_be_edited(visit: Visit, site: Site) -> None:
    """422: the backend's own sentence is shown and the text goes back into the field."""
    site.script.failures["/api/agent/messages"] = [error(422, "BadMessage", "Please write less than 2,000 characters.")]
    page = opened(visit)
    ask(page, "hello")
    expect(page.get_by_role("alert").filter(has_text="Please write less than 2,000 characters.")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Your message")).to_have_value("hello")
    expect(page.get_by_role("log").locator(".visitor")).to_have_count(0)


def test_network_down(visit: Visit, site: Site) -> None:
    """No network at all: a plain sentence that says what to do."""
    page = opened(visit)
    page.context.set_offline(True)
    ask(page, "hello")
    expect(page.get_by_role("alert").filter(has_text="Check your connection")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)


def test_token_is_renewed(visit: Visit, site: Site) -> None:
    """An expired token is exchanged for a new one and the visitor notices nothing."""
    page = opened(visit)
    ask(page, "one")
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)
    (thread,) = site.script.threads.values()
    thread.token = "expired"
    ask(page, "two")
    expect(page.get_by_role("log").locator(".agent")).to_have_count(2)
    renewals = [fields for _, path, fields in site.script.calls if path == "/api/agent/session"]
    assert renewals == [{"site_id": "test"}, {"site_id": "test", "thread_id": thread.thread_id}]


def test_ended_conversation_begins_anew(visit: Visit, site: Site) -> None:
    """The thread is gone: the message goes into a new conversation, and the visitor is told."""
    page = opened(visit)
    ask(page, "one")
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)
    site.script.threads.clear()
    ask(page, "two")
    expect(page.get_by_text("Your earlier conversation has expired.", exact=False)).to_be_visible()
    expect(page.get_by_role("log").locator(".visitor")).to_contain_text(["two"])
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)


def test_tabs_agree(visit: Visit) -> None:
    """What is said in one tab shows in the other; a new conversation in one is new in both."""
    first = opened(visit)
    second = opened(visit)
    ask(first, "hello")
    expect(first.get_by_role("log").locator(".agent")).to_have_count(1)
    expect(second.get_by_role("log").locator(".agent")).to_have_count(1)
    second.locator("summary").click()
    second.get_by_role("button", name="New conversation").click()
    expect(first.locator(".message")).to_have_count(0)
    expect(first.locator(".greeting")).to_be_visible()


def test_another_customer_never_sees_the_conversation(visit: Visit, site: Site) -> None:
    """identify() with another subject begins anew, and the token goes with the next session; the same subject stays."""
    page = opened(visit)
    ask(page, "hello")
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)
    # The payload of this token is {"sub":"ann"}.
    page.evaluate("Handrail.identify('e30.eyJzdWIiOiJhbm4ifQ.x')")
    expect(page.locator(".message")).to_have_count(0)
    ask(page, "it is me")
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)
    page.evaluate("Handrail.identify('e31.eyJzdWIiOiJhbm4ifQ.y')")
    expect(page.locator(".message")).to_have_count(2)
    sessions = [fields for _, path, fields in site.script.calls if path == "/api/agent/session"]
    assert sessions == [{"site_id": "test"}, {"site_id": "test", "identity_token": "e30.eyJzdWIiOiJhbm4ifQ.x"}]
