"""Answers as they come: formatted, cited, streamed, resumed, rated; and nothing in them is ever run."""

import pytest
from playwright.sync_api import expect

from ops.bench.links import marked
from tests.widget.backend import RETURNS
from tests.widget.conftest import Site, Visit, ask, launcher, opened

pytestmark = pytest.mark.browser


def test_answer_with_its_source(visit: Visit, site: Site) -> None:
    """The answer is formatted, cites only what it has, shows each message once, and links to the sentence."""
    page = opened(visit)
    ask(page, "How do I return boots?")
    log = page.get_by_role("log")
    expect(log.locator(".agent strong")).to_have_text("unused")
    expect(log.locator(".agent li")).to_have_text(["Keep the labels on", "Use the prepaid form [9]"])
    expect(log.locator(".message")).to_have_count(2)
    card = log.locator("a.source")
    expect(card).to_have_attribute("rel", "noopener")
    expect(card).to_have_attribute("target", "_blank")
    expect(card).to_have_attribute("href", f"{site.url}{RETURNS['link'].removeprefix('/')}")
    page.get_by_role("button", name="Source 1").click()
    expect(card).to_be_focused()
    expect(page.locator(".phase")).to_be_empty()


@pytest.mark.parametrize(
    ("lang", "shown"),
    [
        ("en", "How long you have · page 4"),
        ("es", "How long you have · página 4"),
        ("de", "How long you have · Seite 4"),
        ("ar", "How long you have · صفحة 4"),
    ],
)
def test_source_with_pages_names_the_page(visit: Visit, site: Site, lang: str, shown: str) -> None:
    """A PDF is cited with its page, in the visitor's language."""
    site.script.citations = (RETURNS | {"url": "/m.pdf", "link": "/m.pdf#page=4", "page": 4},)
    page = opened(visit, f"lang={lang}")
    page.locator("textarea").fill("hello")
    page.keyboard.press("Enter")
    expect(page.locator("a.source .about > span")).to_have_text(shown)
    expect(page.locator("a.source")).to_have_attribute("href", f"{site.url}m.pdf#page=4")


def test_following_a_source_shows_the_sentence(visit: Visit, site: Site) -> None:
    """The card opens another tab, which stands at the sentence and highlights it, and knows nothing of this one."""
    page = opened(visit)
    ask(page, "How do I return boots?")
    with page.context.expect_page() as opening:
        page.locator("a.source").click()
    other = opening.value
    expect(other.locator("#said")).to_be_in_viewport()
    box = other.locator("#said").bounding_box()
    assert box is not None
    assert marked(other, (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])) == 1
    assert other.evaluate("window.opener") is None
    assert page.url == site.url + "?"


def test_source_from_before_there_were_links_leads_to_its_page(visit: Visit, site: Site) -> None:
    """An older answer has no `link` and no `page`; where nothing leads to the sentence `link` is empty."""
    old = {name: told for name, told in RETURNS.items() if name not in {"link", "page"}}
    site.script.citations = (old, RETURNS | {"n": 2, "link": "", "url": "https://shop.example/r"})
    page = opened(visit)
    ask(page, "hello")
    cards = page.locator("a.source")
    expect(cards.first).to_have_attribute("href", f"{site.url}docs/returns")
    expect(cards.last).to_have_attribute("href", "https://shop.example/r")


def test_states_and_sentences_show_at_once(visit: Visit, site: Site) -> None:
    """While the answer is half said: the state and the first sentence are there; the rest replaces them."""
    site.script.hold = True
    page = opened(visit)
    ask(page, "How do I return boots?")
    expect(page.locator(".phase")).to_have_text("Writing…")
    expect(page.locator(".scroller > .bubble")).to_contain_text("within 30 days.")
    expect(page.get_by_role("log").locator(".agent")).to_have_count(0)
    site.script.hold = False
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)
    expect(page.locator(".scroller > .bubble")).to_be_hidden()


def test_reload_in_mid_answer_resumes(visit: Visit, site: Site) -> None:
    """After a reload the half answer is still there and the rest comes, from the event after the last one seen."""
    site.script.hold = True
    page = opened(visit)
    ask(page, "How do I return boots?")
    expect(page.locator(".scroller > .bubble")).to_contain_text("within 30 days.")
    page.reload()
    expect(page.locator(".scroller > .bubble")).to_contain_text("within 30 days.")
    site.script.hold = False
    expect(page.get_by_role("log").locator(".agent")).to_have_count(1)
    expect(page.get_by_role("log").locator(".visitor")).to_have_count(1)
    streams = [headers for _, path, headers in site.script.calls if path.endswith("/events")]
    assert "last-event-id" not in streams[0]
    assert int(streams[-1]["last-event-id"]) > 0


def test_silence_is_broken_by_asking(visit: Visit, site: Site) -> None:
    """Nothing comes by the stream: after ten seconds the thread is fetched by hand."""
    site.script.mute = True
    page = visit()
    page.clock.install()
    launcher(page).click()
    ask(page, "hello")
    expect(page.locator(".phase")).to_have_text("Thinking…")
    expect(page.locator(".delivery")).to_be_empty()
    page.clock.run_for(11_000)
    expect(page.get_by_role("log").locator(".agent")).to_contain_text("Answered without a stream.")


def test_hostile_text_stays_text(visit: Visit, site: Site) -> None:
    """Markup and dangerous addresses, in every field, from either side: shown as text, never run, never linked."""
    attack = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    bad = {"title": attack, "section": attack, "quote": attack, "page": attack}
    bad |= {"url": "javascript:document.title='owned'", "link": "javascript:document.title='owned'"}
    site.script.answer = (f"{attack} **{attack}** [1]", f"- {attack}")
    site.script.citations = (RETURNS | bad, RETURNS | {"n": 2, "url": "//evil.example/x", "link": "/\\evil.example"})
    page = opened(visit)
    ask(page, attack)
    expect(page.locator(".feedback")).to_be_visible()
    expect(page.locator(".visitor .bubble")).to_have_text(attack)
    expect(page.locator(".agent .bubble")).to_contain_text(attack)
    expect(page.locator(".source").first).to_contain_text(attack)
    expect(page.locator("a.source")).to_have_count(0)
    assert page.locator("#handrail img, #handrail script").count() == 0
    assert page.title() == "Shop"


def test_thumbs_and_tags(visit: Visit, site: Site) -> None:
    """A vote and its reasons reach the backend; the buttons say that they are pressed."""
    page = opened(visit)
    ask(page, "hello")
    page.get_by_role("button", name="Not helpful").click()
    page.get_by_role("button", name="Out of date").click()
    expect(page.get_by_role("button", name="Out of date")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("Thank you.")).to_be_visible()
    votes = [fields for _, path, fields in site.script.calls if path == "/api/agent/feedback"]
    assert [(vote["thumbs"], vote["tags"]) for vote in votes] == [("down", []), ("down", ["outdated"])]


def test_transcript(visit: Visit) -> None:
    """The download holds both sides and the sources."""
    page = opened(visit)
    ask(page, "How do I return boots?")
    expect(page.locator(".feedback")).to_be_visible()
    page.locator("summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download transcript").click()
    text = download.value.path().read_text()
    assert "How do I return boots?" in text
    assert "[1] Returns and refunds · How long you have · /docs/returns" in text


def test_what_was_taken_out_stays_before_the_eyes_of_who_wrote_it(visit: Visit, site: Site) -> None:
    """The visitor is told, sees their own words and the answer; after a reload they see what is kept."""
    site.script.removed = "4111 1111 1111 1111"
    page = opened(visit)
    ask(page, "My card is 4111 1111 1111 1111.")
    expect(page.locator("li.system, .system").first).to_have_text("A card number was removed.")
    expect(page.locator(".agent strong")).to_have_text("unused")
    expect(page.locator(".visitor")).to_have_count(1)
    expect(page.locator(".visitor")).to_contain_text("4111 1111 1111 1111")
    page.reload()
    expect(page.locator(".visitor")).to_contain_text("[card number removed]")
