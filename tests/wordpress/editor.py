"""What an editor does in wp-admin, in a real browser."""

import re
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page

from ops.wordpress.site import Site

SLOW = 30_000  # milliseconds: the block editor is a megabyte of JavaScript


def log_in(browser: Browser, site: Site) -> BrowserContext:
    """A browser in which the administrator is logged in, and which reaches nothing but this machine."""
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    context.set_default_timeout(SLOW)
    context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in site.log_in().items()])
    context.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.abort())
    return context


def write_page(page: Page, site: Site, title: str, text: str) -> None:
    """A new page in the block editor, up to the moment before it is published."""
    page.goto(f"{site.url}/wp-admin/post-new.php?post_type=page")
    canvas = _canvas(page)
    canvas.get_by_role("textbox", name="Add title").fill(title)
    page.keyboard.press("Enter")
    page.keyboard.type(text)
    page.get_by_role("button", name="Publish", exact=True).click()


def publish(page: Page) -> int:
    """Press the last button; the page's number, once WordPress has answered."""
    confirm = page.get_by_role("region", name="Editor publish").get_by_role("button", name="Publish", exact=True)
    with page.expect_response(lambda got: "/wp/v2/pages" in got.url and got.request.method in {"POST", "PUT"}) as got:
        confirm.click()
    return int(got.value.json()["id"])


def change_page(page: Page, site: Site, number: int, text: str) -> None:
    """Write another first paragraph, up to the moment before it is saved."""
    page.goto(f"{site.url}/wp-admin/post.php?post={number}&action=edit")
    paragraph = _canvas(page).locator("[data-type='core/paragraph']").first
    paragraph.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def save(page: Page) -> None:
    """Save the change, and wait for WordPress' answer."""
    with page.expect_response(lambda got: "/wp/v2/pages" in got.url and got.request.method in {"POST", "PUT"}):
        page.get_by_role("button", name="Save", exact=True).click()


def upload(page: Page, site: Site, file: Path) -> None:
    """Upload through the media library's plain form, and wait until it is there."""
    page.goto(f"{site.url}/wp-admin/media-new.php?browser-uploader")
    page.locator("#async-upload").set_input_files(file)
    page.locator("#html-upload").click()
    page.wait_for_url("**/upload.php**")


def trash(page: Page, site: Site, number: int) -> None:
    """Put a page into the trash from the list of pages."""
    page.goto(f"{site.url}/wp-admin/edit.php?post_type=page&orderby=date&order=desc")
    row = page.locator(f"#post-{number}")
    row.hover()
    row.get_by_role("link", name=re.compile("Trash")).click()


def _canvas(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[name='editor-canvas']")
