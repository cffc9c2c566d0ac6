"""People, failures, and what changes behind the visitor's back: nobody is left without a word."""

import pytest
from playwright.sync_api import Route, expect

from tests.widget.backend import error
from tests.widget.conftest import Site, Visit, ask, launcher, opened

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
    thread.say("staff", "And now Bo.", author="Bo Berg")
    expect(page.locator(".staff .author").last).to_contain_text("Bo Berg")


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


def test_who_is_logged_in_is_asked_when_the_chat_is_opened_and_not_before(visit: Visit, site: Site) -> None:
    """The page names where to ask. Each new session asks again, as tokens are short-lived; logging out begins anew."""
    tokens = ["e30.eyJzdWIiOiJhbm4ifQ.x"]
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.headers["x-handrail"])
        route.fulfill(json={"token": tokens[0]} if tokens else {"token": None})

    page = visit("identity=/identity")
    page.route("**/identity", answer)
    page.wait_for_timeout(300)
    assert asked == []
    launcher(page).click()
    ask(page, "where is my order?")
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)
    assert asked == ["1", "1"], "once for the panel, once for the session"
    sessions = [fields for _, path, fields in site.script.calls if path == "/api/agent/session"]
    assert sessions == [{"site_id": "test", "identity_token": tokens[0]}]
    tokens.clear()
    page.close()
    page = visit("identity=/identity")
    page.route("**/identity", answer)
    launcher(page).click()
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator(".message")).to_have_count(0)


def test_a_site_that_cannot_say_who_is_there_has_a_guest(visit: Visit, site: Site) -> None:
    """Refused, broken or away: the chat works, for nobody in particular."""
    page = visit("identity=/identity")
    page.route("**/identity", lambda route: route.abort())
    launcher(page).click()
    ask(page, "hello")
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)
    sessions = [fields for _, path, fields in site.script.calls if path == "/api/agent/session"]
    assert sessions == [{"site_id": "test", "identity_token": None}]


def test_any_button_of_the_page_opens_the_chat(visit: Visit) -> None:
    page = visit()
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button data-handrail-open><b>Ask us</b></button>')")
    page.get_by_text("Ask us").click()
    expect(page.get_by_role("dialog")).to_be_visible()
