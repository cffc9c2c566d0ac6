"""A real WordPress for the tests that need one: made once, and as it was made again before each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.wordpress import package
from ops.wordpress.site import Site
from tests.web.receiver import SECRET as NOTICES
from tests.web.wordpress import SECRET
from tests.wordpress.backend import serving
from tests.wordpress.plugin import IDENTITY, Shop
from tests.wordpress.quick import QuickSite

CONSTANTS: dict[str, str | bool] = {
    "HANDRAIL_WEBHOOK_SECRET": SECRET,
    "HANDRAIL_IDENTITY_SECRET": IDENTITY,
    "HANDRAIL_NOTICES_SECRET": NOTICES,
    "DISABLE_WP_CRON": True,  # tests run it when they mean it
}
PLUGIN = Path(__file__).parents[2] / "wp-widget"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site of this test process. Skipped where PHP or WordPress is not there."""
    if why := package.missing():
        pytest.skip(why)
    site = QuickSite(tmp_path_factory.mktemp("wordpress"))
    site.start()
    site.snapshot()
    yield site
    site.stop()


@pytest.fixture
def wordpress(running: Site) -> Iterator[Site]:
    """The site, empty; whatever PHP complains of fails the test."""
    running.restore()
    yield running
    assert running.debug_log() == ""


@pytest.fixture(scope="session")
def set_up(running: Site) -> Iterator[Shop]:
    """The site with the plugin active and set up, kept as the snapshot "plugin"."""
    with serving() as backend:
        shop = Shop(running, backend)
        running.restore()
        running.configure(CONSTANTS)
        running.add_plugin(PLUGIN, "handrail")
        shop.set()
        running.snapshot("plugin")
        yield shop
        running.configure({})


@pytest.fixture
def shop(set_up: Shop) -> Iterator[Shop]:
    """The site with the plugin, empty; whatever PHP complains of fails the test, and so does a bad signature."""
    if set_up.site.constants != CONSTANTS:  # a test of another file has had its own
        set_up.site.configure(CONSTANTS)
    set_up.site.restore("plugin")
    set_up.backend.forget()
    yield set_up
    assert set_up.site.debug_log() == ""
    assert set_up.backend.refused == []
