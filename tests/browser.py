"""A real Chromium for the tests that need one: `from tests.browser import chromium`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# Not for the whole session: while sync Playwright is open an event loop runs in this thread, and asyncio.run in any
# other test would refuse.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module; each test makes its own context. Skipped where Chromium is not installed."""
    if not CHROMIUM.exists():
        pytest.skip("install the Debian package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield browser
        browser.close()
