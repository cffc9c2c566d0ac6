"""The widget's page in a browser, and the backend behind it."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page

from tests.browser import chromium
from tests.widget.backend import Backend, Script

__all__ = ["chromium"]
Visit = Callable[..., Page]

TAGS = 'data-api="" data-privacy-url="/privacy" data-suggestions="How do I return boots?|Where is my order?"'


@dataclass(frozen=True)
class Site:
    """A running backend: where it is and what it does."""

    url: str
    script: Script
    server: uvicorn.Server


@pytest.fixture
def site() -> Iterator[Site]:
    """The backend on a free port, in a thread."""
    script = Script()
    config = uvicorn.Config(Backend(script, TAGS).app(), port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(f"http://127.0.0.1:{port}/", script, server)
    server.should_exit = server.force_exit = True
    thread.join(5)


@pytest.fixture
def browsing() -> dict[str, Any]:
    """How the browser is set, beside its size."""
    return {}


@pytest.fixture
def visit(chromium: Browser, site: Site, browsing: dict[str, Any]) -> Iterator[Visit]:
    """Open the shop's page; every problem on the browser's console fails the test unless it is expected."""
    context = chromium.new_context(viewport={"width": 1100, "height": 800}, accept_downloads=True, **browsing)
    context.set_default_timeout(8000)
    broken: list[str] = []

    def open_page(tags: str = "", **size: int) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda problem: broken.append(str(problem)))
        page.on("console", lambda line: broken.append(line.text) if "Content Security Policy" in line.text else None)
        if size:
            page.set_viewport_size(size)  # type: ignore[arg-type]
        page.goto(f"{site.url}?{tags}")
        launcher(page).or_(page.get_by_role("dialog")).first.wait_for()
        return page

    yield open_page
    context.close()
    assert broken == []


def launcher(page: Page) -> Locator:
    """The floating button."""
    return page.locator(".launcher")


def ask(page: Page, text: str) -> None:
    """Write in the panel, which is open, and send."""
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")


def opened(visit: Visit, tags: str = "", **size: int) -> Page:
    """The page with the panel open."""
    page = visit(tags, **size)
    launcher(page).click()
    return page
