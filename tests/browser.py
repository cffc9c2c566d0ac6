"""A real Chromium for the tests that need one: `from tests.browser import chromium`."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

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

TARGET_STYLE = "::target-text { background: rgb(1, 2, 3); color: rgb(1, 2, 3) }"  # for pages that `marked` looks at
TARGET = (1, 2, 3)


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


def marked(page: Page, selector: str = "#said") -> float:
    """Which share of the highlighted pixels in the window lies within `selector`; 0 where nothing is highlighted.

    A script can't ask what a text fragment has found, so this looks at the picture. The page has TARGET_STYLE.
    """
    for _ in range(40):
        picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        rows, columns = np.nonzero((picture == TARGET).all(axis=2))
        if len(rows):
            box = page.locator(selector).bounding_box()
            assert box is not None
            across = (columns >= box["x"] - 1) & (columns <= box["x"] + box["width"] + 1)
            down = (rows >= box["y"] - 1) & (rows <= box["y"] + box["height"] + 1)
            return float((across & down).mean())
        time.sleep(0.05)
    return 0.0
