"""The plugin's pages in a real browser: the connection test, the bar of indexing, the block, the page's weight."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium  # noqa: F401 - a fixture
from tests.wordpress import editor
from tests.wordpress.plugin import Shop

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("wordpress-2")]
SETTINGS = "/wp-admin/options-general.php?page=handrail"
MANY = """foreach ( range( 1, %d ) as $n ) { wp_insert_post( array( 'post_title' => "Page $n", 'post_type' => 'page',
    'post_status' => 'publish' ) ); }
    $wpdb->query( 'DELETE FROM ' . Schema::events() ); remove_all_actions( 'shutdown' );"""
HEAVIEST = 15 * 1024  # bytes of JavaScript and styles, as one stream


@pytest.fixture
def admin(shop: Shop, chromium: Browser) -> Iterator[Page]:
    """wp-admin; an error in the page fails the test."""
    with editor.log_in(chromium, shop.site) as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        assert errors == []


def test_the_connection_test_shows_each_step_and_what_to_do(shop: Shop, admin: Page) -> None:
    admin.goto(shop.site.url + SETTINGS)
    admin.get_by_role("button", name="Test the connection").click()
    steps = admin.locator("#handrail-steps li")
    expect(steps).to_have_count(5)
    assert all(text.startswith("✓") for text in steps.all_inner_texts())
    shop.backend.answers = [(401, 0)]
    admin.get_by_role("button", name="Test the connection").click()
    expect(steps).to_have_count(3)
    expect(steps.last).to_contain_text("✗ Signed events are taken: Answer 401.")
    expect(steps.last).to_contain_text("The secret or the name of the site is not what Handrail has")


def test_the_bar_of_indexing_goes_on_after_a_reload_and_says_why_it_rests(shop: Shop, admin: Page) -> None:
    shop.php(MANY % 130)
    shop.backend.forget()
    shop.backend.answers = [(202, 0)] * 20 + [(503, 60)]
    admin.goto(shop.site.url + SETTINGS)
    admin.get_by_role("button", name="Index everything now").click()
    said = admin.locator("#handrail-progress-text")
    expect(said).to_contain_text("Answer 503. Not now.", timeout=2 * editor.SLOW)
    admin.reload()
    expect(said).to_contain_text("Answer 503. Not now.", timeout=2 * editor.SLOW)
    shop.php("Circuit::close();")
    expect(said).to_contain_text("130 of 130 told to Handrail.", timeout=2 * editor.SLOW)
    expect(admin.get_by_role("button", name="Index everything now")).to_be_enabled()
    expect(admin.get_by_role("progressbar")).to_have_attribute("value", "130")
    assert len(set(shop.backend.told())) == 130


def test_indexing_can_be_stopped(shop: Shop, admin: Page) -> None:
    shop.php(MANY % 110)
    shop.backend.forget()
    shop.backend.standing = (503, 0)
    admin.goto(shop.site.url + SETTINGS)
    admin.get_by_role("button", name="Index everything now").click()
    admin.get_by_role("button", name="Stop").click()
    expect(admin.get_by_role("button", name="Index everything now")).to_be_enabled()
    assert shop.php("echo Indexing::is_over( Indexing::state() ) ? 'over' : 'at work';") == "over"


def test_a_title_that_would_close_a_script_breaks_no_page(shop: Shop, admin: Page) -> None:
    """Not the list of events, not the page with the chat; and it is told as text."""
    title = "</script>An end & a <b>beginning</b>"
    shop.backend.answers = [(422, 0)]
    number = shop.publish(title, post_content="[ai_chat]")
    shop.update(number, post_content="[ai_chat] more")
    admin.goto(f"{shop.site.url}{SETTINGS}&tab=events")
    expect(admin.locator("td.column-subject a")).to_contain_text(f"(page:{number})")
    admin.goto(f"{shop.site.url}/?page_id={number}")
    expect(admin.get_by_role("button", name="Chat with us").first).to_be_visible()
    admin.locator("[data-handrail-open]").first.click()
    expect(admin.get_by_label("Your message")).to_be_visible()
    [event] = shop.backend.events
    assert event["data"]["title"] == "An end & a beginning"


def test_the_block_is_put_into_a_page_and_shown_there(shop: Shop, admin: Page) -> None:
    admin.goto(f"{shop.site.url}/wp-admin/post-new.php?post_type=page")
    canvas = admin.frame_locator("iframe[name='editor-canvas']")
    canvas.get_by_role("textbox", name="Add title").fill("Help")
    admin.evaluate(
        "wp.data.dispatch('core/block-editor').insertBlocks(wp.blocks.createBlock('handrail/chat', {label: 'Ask us'}))"
    )
    expect(canvas.locator("[data-type='handrail/chat']")).to_contain_text("Ask us")
    admin.get_by_role("button", name="Publish", exact=True).click()
    number = editor.publish(admin)
    admin.goto(f"{shop.site.url}/?page_id={number}")
    expect(admin.locator("[data-handrail-open]")).to_have_text("Ask us")


def test_the_chat_holds_no_page_up(shop: Shop, chromium: Browser) -> None:
    """Before it is opened: no call to the backend, and nothing that blocks rendering."""
    shop.set(floating=True)
    with chromium.new_context() as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(shop.site.url, wait_until="networkidle")
        page.locator(".launcher").wait_for()
        assert [url for url in asked if url.startswith(shop.backend.url)] == []
        timing: list[dict[str, Any]] = page.evaluate(
            "performance.getEntriesByType('resource').map(one => ({name: one.name, how: one.renderBlockingStatus}))"
        )
        ours = [one for one in timing if "/handrail/" in one["name"]]
        assert ours
        assert [one["name"] for one in ours if one["how"] != "non-blocking"] == []
