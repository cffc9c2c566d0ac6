"""For everybody: axe finds nothing in any state, a keyboard is enough, and a screen reader says each thing once."""

import re
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


# What a screen reader says: the text that comes into a live region, or all of it where that is atomic; never what is
# hidden. An alert interrupts, the others wait for their turn; each change is said by the nearest region around it.
LISTEN = """
window.said = [];
const live = (node) => {
  for (let one = node; one; one = one.parentElement) {
    const role = one.getAttribute?.("role");
    const how = one.getAttribute?.("aria-live") ?? {log: "polite", status: "polite", alert: "assertive"}[role];
    if (how) return how === "off" ? null : {region: one, atomic: role === "status" || role === "alert"};
  }
};
const silent = (node) => node.parentElement?.closest("[hidden], [aria-hidden=true]")
  || node.nodeType === 1 && node.matches("[hidden], [aria-hidden=true]");
const words = (node) => node.nodeType === 3 ? node.data
  : silent(node) || node.matches?.("style") ? "" : [...node.childNodes].map(words).join(" ");
new MutationObserver((changes) => {
  const told = new Set();
  for (const {addedNodes, target} of changes) for (const node of addedNodes) {
    const found = node.isConnected && live(target);
    if (!found || silent(node) || [...told].some((one) => one.contains(node))) continue;
    told.add(found.atomic ? found.region : node);
  }
  for (const node of told) {
    const text = words(node).replace(/\\s+/g, " ").trim();
    if (text) window.said.push(text);
  }
}).observe(document.querySelector("#handrail").shadowRoot, {subtree: true, childList: true});
"""
WAIT_AND_LISTEN = f"""
new MutationObserver((_, waiting) => {{
  if (!document.querySelector("#handrail")?.shadowRoot) return;
  waiting.disconnect();
  {LISTEN}
}}).observe(document, {{subtree: true, childList: true}});
"""


def said(page: Page) -> list[str]:
    """What was read out so far."""
    heard: list[str] = page.evaluate("said")
    return heard


def test_each_thing_is_read_out_once_and_in_order(visit: Visit, site: Site) -> None:
    """The answer is read as a whole when it is finished: not sentence by sentence, and not twice."""
    site.script.pause_s = 0.2
    page = visit()
    launcher(page).click()
    page.wait_for_timeout(500)
    page.evaluate(LISTEN)
    say(page, "How do I return boots?")
    expect(page.locator(".feedback")).to_be_visible()
    page.wait_for_timeout(200)
    heard = said(page)
    question, *states, answer = heard
    assert question.startswith("You · ")
    assert question.endswith("How do I return boots?")
    assert states == ["Thinking…", "Searching our documents…", "Writing…"]
    assert answer.startswith("AI assistant · ")
    assert answer.count("gear within 30") == 1
    assert "".join(heard).count("Keep the labels on") == 1


def test_a_conversation_that_is_shown_again_is_not_read_out(visit: Visit, site: Site) -> None:
    """After a reload there is silence; what is said from then on is read."""
    page = visit()
    launcher(page).click()
    say(page, "How do I return boots?")
    expect(page.locator(".feedback")).to_be_visible()
    page.add_init_script(WAIT_AND_LISTEN)
    page.reload()
    page.wait_for_function("window.said")
    expect(page.locator(".feedback")).to_be_visible()
    page.wait_for_timeout(600)
    assert said(page) == []
    [thread] = site.script.threads.values()
    thread.say("agent", "One more thing.")
    page.wait_for_function("said.length")
    assert "One more thing." in said(page)[0]


def test_a_failure_is_read_out_once_with_what_to_do(visit: Visit, site: Site) -> None:
    site.script.failures["/api/agent/messages"] = [error(429, "TooMany", "Slow.", **{"Retry-After": "7"})]
    page = visit()
    launcher(page).click()
    page.wait_for_timeout(500)
    page.evaluate(LISTEN)
    say(page, "Hello?")
    expect(page.locator(".delivery span")).to_be_visible()
    page.wait_for_timeout(200)
    failure = "Not sent. That was a lot at once. Please try again in 7 seconds. Try again"
    assert [text for text in said(page) if "Not sent" in text] == [failure]
    assert not any("Sending" in text for text in said(page))


def test_what_a_reader_meets_in_which_order(visit: Visit, site: Site) -> None:
    """The tree that assistive technology sees: named, and in the order of what is seen. Who answers is said first."""
    page = visit()
    launcher(page).click()
    dialog = page.get_by_role("dialog", name="Chat with us")
    expect(dialog).to_have_accessible_description(re.compile("^I am an AI assistant"))
    say(page, "How do I return boots?")
    expect(page.locator(".feedback")).to_be_visible()
    expect(dialog).to_match_aria_snapshot("""
        - dialog "Chat with us":
          - heading "Chat with us" [level=2]
          - text: AI assistant
          - group
          - button "Close chat"
          - region "Conversation":
            - log "Conversation":
              - text: /You · .* How do I return boots/
              - text: /AI assistant · /
              - paragraph
              - list
              - group "Sources":
                - link /Source 1. Returns and refunds/
              - group "Rate this answer":
                - button "Helpful"
                - button "Not helpful"
          - textbox "Your message"
          - button "Send" [disabled]
          - button "Talk to a person"
          - link "Privacy"
    """)


def test_a_whole_conversation_by_keyboard_alone(visit: Visit, site: Site) -> None:
    """Open, ask, follow a citation, vote, say why, take the transcript, delete, close: no mouse, and no trap."""
    page = visit()
    press = page.keyboard.press
    press("Tab")
    press("Enter")
    page.keyboard.type("How do I return boots?")
    press("Enter")
    expect(page.locator(".feedback")).to_be_visible()
    go_to(page, "cite", back=True)
    press("Enter")
    expect(page.locator("a.source")).to_be_focused()
    go_to(page, "down")
    press("Space")
    go_to(page, "tags")
    press("Enter")
    expect(page.get_by_text("Thank you.")).to_be_visible()
    go_to(page, "menu", back=True)
    press("Enter")
    press("Tab")
    press("Tab")
    with page.expect_download():
        press("Enter")
    go_to(page, "menu", back=True)
    press("Enter")
    press("Shift+Tab")
    press("Shift+Tab")
    go_to(page, "menu")
    for _ in range(3):
        press("Tab")
    press("Enter")
    expect(page.get_by_role("dialog", name="Delete my data")).to_be_visible()
    for _ in range(12):  # round and round: what is behind the dialog is out of reach
        press("Tab")
        assert active(page) in {"", "dialog"}
    go_to(page, "act")
    press("Enter")
    expect(page.get_by_text("Receipt: r-1")).to_be_visible()
    press("Enter")
    expect(page.get_by_label("Your message")).to_be_focused()
    press("Escape")
    expect(launcher(page)).to_be_focused()


def active(page: Page) -> str:
    """Where the focus is: in the dialog, in the panel, or nowhere ("": in the browser itself)."""
    found: str = page.evaluate(
        "(() => { const e = document.activeElement?.shadowRoot?.activeElement; "
        "return !e ? '' : e.closest('dialog') ? 'dialog' : 'panel'; })()"
    )
    return found


def go_to(page: Page, name: str, *, back: bool = False) -> None:
    """Tab on until the focus is on, or in, what has this class."""
    for _ in range(30):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate(f"!!document.querySelector('#handrail').shadowRoot.activeElement?.closest('.{name}')"):
            return
    raise AssertionError(f"the keyboard never came to {name}")


def test_nothing_moves_where_that_is_not_wanted(visit: Visit, site: Site) -> None:
    site.script.hold = True
    page = visit()
    page.emulate_media(reduced_motion="reduce")
    launcher(page).click()
    say(page, "How do I return boots?")
    expect(page.locator(".phase")).to_have_text("Writing…")
    moving = page.evaluate("document.querySelector('#handrail').shadowRoot.getAnimations().length")
    site.script.hold = False
    assert moving == 0
