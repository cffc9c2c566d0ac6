"""The plugin on a network of sites: each has its own table, settings, secret and jobs."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from ops.wordpress import files, package
from tests.web.wordpress import SECRET
from tests.wordpress.backend import Backend, serving
from tests.wordpress.conftest import PLUGIN
from tests.wordpress.quick import QuickSite

pytestmark = [pytest.mark.xdist_group("wordpress-2")]
TABLES = "echo implode( ' ', $wpdb->get_col( \"SHOW TABLES LIKE '%handrail_events'\" ) );"
UNINSTALL = "define( 'WP_UNINSTALL_PLUGIN', 'x' ); require WP_PLUGIN_DIR . '/handrail/uninstall.php';"
KEPT = """$kept = $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE 'handrail%'" );
    echo count( $kept ), ' ', count( $wpdb->get_col( "SHOW TABLES LIKE '{$wpdb->prefix}handrail_events'" ) );"""
JOBS = "echo wp_next_scheduled( 'handrail_send' ) ? 'yes' : 'no';"


@dataclass
class Network:
    """A network in folders: the main site is 1, /second/ is 2, /third/ is 3."""

    site: QuickSite
    backend: Backend

    def php(self, code: str, blog: int = 1) -> str:
        """What `code` prints on one of the sites, as a request to it would."""
        before = f"namespace Handrail; global $wpdb; switch_to_blog( {blog} );"
        return self.site.php(f"{before} {code}")

    def set_up(self, blog: int, **settings: str) -> None:
        """As its owner does on its settings page."""
        pairs = ", ".join(f"'{name}' => {files.php_literal(value)}" for name, value in settings.items())
        self.php(f"update_option( 'handrail_settings', array( {pairs} ) );", blog)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """One network for this file: the plugin is activated for all of it, before and after sites are made."""
    if why := package.missing():
        pytest.skip(why)
    site = QuickSite(tmp_path_factory.mktemp("network"))
    site.start()
    try:
        site.wp("core", "multisite-convert")
        site.configure(
            {
                "MULTISITE": True,
                "SUBDOMAIN_INSTALL": False,
                "DOMAIN_CURRENT_SITE": f"127.0.0.1:{site.port}",
                "PATH_CURRENT_SITE": "/",
                "SITE_ID_CURRENT_SITE": "1",
                "BLOG_ID_CURRENT_SITE": "1",
                "DISABLE_WP_CRON": True,
                "HANDRAIL_WEBHOOK_SECRET": SECRET,
                "HANDRAIL_WEBHOOK_SECRET_2": SECRET,
            }
        )
        site.wp("site", "create", "--slug=second")
        files.put_plugin(site.root, PLUGIN, "handrail")
        site.wp("plugin", "activate", "handrail", "--network")
        site.wp("site", "create", "--slug=third")
        site.snapshot("network")
        with serving() as backend:
            yield Network(site, backend)
    finally:
        site.stop()


@pytest.fixture
def network(made: Network) -> Iterator[Network]:
    """As it was made."""
    made.site.restore("network")
    made.backend.forget()
    yield made
    assert made.site.debug_log() == ""


def test_tables_are_made_where_they_are_needed(network: Network) -> None:
    """On the main site by activation, on a new site when it is made, on one that was there when it first uses it."""
    assert network.php(TABLES) == "wp_3_handrail_events wp_handrail_events"
    network.php("Queue::counts();", 2)
    assert network.php(TABLES) == "wp_2_handrail_events wp_3_handrail_events wp_handrail_events"


def test_a_sites_secret_does_not_speak_for_another(network: Network) -> None:
    ask = "echo Settings::secret( 'webhook' ), ' ', Settings::secret_constant( 'webhook' );"
    assert network.php(ask) == f"{SECRET} HANDRAIL_WEBHOOK_SECRET"
    assert network.php(ask, 2) == f"{SECRET} HANDRAIL_WEBHOOK_SECRET_2"
    assert network.php(ask, 3) == "HANDRAIL_WEBHOOK_SECRET_3"


def test_each_site_tells_in_its_own_name_or_not_at_all(network: Network) -> None:
    """Settings per site; a site without a secret of its own notes nothing."""
    for blog, name in ((1, "main"), (2, "second"), (3, "third")):
        network.set_up(blog, backend=network.backend.url, site_id=name)
    write = "wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'A' ) );"
    for blog in (1, 2, 3):
        network.php(f"{write} Sender::run();", blog)
    told = [(one["site_id"], one["data"]["link"]) for one in network.backend.events]
    url = network.site.url
    assert told == [("main", f"{url}/a/"), ("second", f"{url}/second/a/")]
    assert network.php("echo Queue::counts()['sent'];", 2) == "1"
    assert network.php("echo array_sum( Queue::counts() );", 3) == "0"


def test_each_site_has_a_page_of_settings_and_its_own_chat(network: Network) -> None:
    network.set_up(2, backend="https://support.example", site_id="second", floating="1")
    with httpx2.Client(base_url=network.site.url, timeout=30, cookies=network.site.log_in()) as admin:
        assert 'data-site-id="second"' in admin.get("/second/").text
        assert "data-site-id" not in admin.get("/").text
        for name, words in (("second", "Set. It is never shown."), ("third", "HANDRAIL_WEBHOOK_SECRET_3")):
            assert words in admin.get(f"/{name}/wp-admin/options-general.php?page=handrail").text


def test_a_site_that_is_deleted_takes_its_table_along(network: Network) -> None:
    network.site.wp("site", "delete", "3", "--yes")
    assert network.php(TABLES) == "wp_handrail_events"


def test_deactivation_for_the_network_takes_the_jobs_from_all_sites(network: Network) -> None:
    for blog in (1, 2):
        network.set_up(blog, backend=network.backend.url, site_id="s")
        network.php("Sender::schedule();", blog)
    assert [network.php(JOBS, blog) for blog in (1, 2)] == ["yes", "yes"]
    network.site.wp("plugin", "deactivate", "handrail", "--network")
    assert [network.php(JOBS, blog) for blog in (1, 2)] == ["no", "no"]


def test_deletion_takes_what_each_site_has_chosen(network: Network) -> None:
    """One wants its data to go, the other keeps it."""
    network.set_up(1, site_id="main")
    network.set_up(3, site_id="third", delete_on_uninstall="1")
    network.php(UNINSTALL)
    assert network.php(KEPT) == "2 1"
    assert network.php(KEPT, 3) == "0 0"
