"""The chat on pages of a real WordPress, in a browser: cached, under a strict policy, and from the zip."""

import gzip
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from ops import plugin
from ops.wordpress.site import Site as WordPress
from tests.browser import chromium
from tests.widget.conftest import Site, ask, site
from tests.wordpress.plugin import Shop

__all__ = ["chromium", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("wordpress")]
LIMIT = 15 * 1024
# WordPress' own styles stand in the page: a site with such a policy has them refused, and we have to live beside that.
POLICY = "default-src 'none'; script-src {here}; style-src {here}; connect-src {here} {backend}; img-src {here}"
REFUSED = """window.refused = [];
addEventListener("securitypolicyviolation", (e) => refused.push([e.effectiveDirective, e.sourceFile, e.blockedURI]));
"""


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that reaches nothing but this machine."""
    with chromium.new_context() as opened:
        opened.set_default_timeout(15_000)
        yield opened


@contextmanager
def strict(shop: Shop, site: Site) -> Iterator[None]:
    """Meanwhile the shop's pages have a policy that allows what the widget's README says, and nothing else."""
    policy = POLICY.format(here=shop.site.url, backend=site.url.rstrip("/"))
    file = shop.site.root / "wp-content/mu-plugins/strict-policy.php"
    file.write_text(f"""<?php add_action( 'send_headers', fn() => header( "Content-Security-Policy: {policy}" ) );""")
    try:
        yield
    finally:
        file.unlink()


def test_a_conversation_under_a_strict_policy(shop: Shop, site: Site, context: BrowserContext) -> None:
    """Nothing of ours is refused: no inline script or style, nothing from elsewhere."""
    shop.set(floating=True, backend=site.url.rstrip("/"), site_id="test")
    page = context.new_page()
    page.add_init_script(REFUSED)
    with strict(shop, site):
        page.goto(shop.site.url)
    page.locator(".launcher").click()
    ask(page, "How do I return boots?")
    expect(page.get_by_role("log").locator("a.source")).to_be_visible()
    page.locator("summary").click()
    page.get_by_role("button", name="Delete my data").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Receipt: r-1")).to_be_visible()
    refused = page.evaluate("refused")
    assert refused, "WordPress' own inline styles are"
    assert [one for one in refused if "handrail" in f"{one}" or site.url in f"{one}"] == []
    assert page.locator(".panel").evaluate("e => getComputedStyle(e).position") == "fixed", "its style sheet was taken"


def test_every_guest_gets_the_same_bytes(shop: Shop) -> None:
    """So a page with the chat may lie in any cache; who is logged in is asked only when the chat is opened."""
    shop.set(floating=True)
    browsers: list[dict[str, str]] = [
        {"User-Agent": "Firefox", "Accept-Language": "de"},
        {"User-Agent": "Chrome", "Cookie": "seen=1"},
    ]
    first, second = (httpx2.get(shop.site.url, headers=headers, timeout=30).content for headers in browsers)
    assert b"data-site-id" in first
    assert first == second


def test_the_zip_is_light_and_holds_no_page_up(running: WordPress, context: BrowserContext, tmp_path: Path) -> None:
    """As a site serves it: four files, packed as Apache packs them, none of which blocks rendering; no call outside."""
    running.restore()
    with ZipFile(plugin.build(tmp_path / "handrail.zip")) as packed:
        packed.extractall(tmp_path)
    running.add_plugin(tmp_path / "handrail", "handrail-zip")
    try:
        running.php(
            """update_option( 'handrail_settings',
            array( 'backend' => 'http://127.0.0.1:9', 'site_id' => 's', 'floating' => true ) );"""
        )
        page = context.new_page()
        page.goto(running.url)
        page.locator(".launcher").wait_for()
        asked: list[list[str]] = page.evaluate(
            "performance.getEntriesByType('resource').map(e => [e.name, e.renderBlockingStatus])"
        )
    finally:
        running.restore()
    ours = {url: blocking for url, blocking in asked if "handrail-zip" in url}
    code = [httpx2.get(url, timeout=30).content for url in ours if not url.endswith(".json")]
    shutil.rmtree(running.root / "wp-content/plugins/handrail-zip")
    assert len(ours) == 4
    assert set(ours.values()) == {"non-blocking"}
    assert sum(len(gzip.compress(content, 6)) for content in code) <= LIMIT
    assert [url for url, _ in asked if not url.startswith(running.url)] == []
