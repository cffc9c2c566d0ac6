"""From activation to deletion: tables, jobs, personal data, Site Health, networks."""

import json

import pytest

from tests.web.wordpress import SECRET
from tests.wordpress.plugin import Shop

pytestmark = [pytest.mark.xdist_group("wordpress")]
JOBS = """$jobs = array( 'handrail_send', 'handrail_tidy', 'handrail_index' );
    echo implode( ' ', array_filter( $jobs, 'wp_next_scheduled' ) );"""
KEPT = """global $wpdb;
    $options = $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE 'handrail%'" );
    echo count( $options ), ' ', count( $wpdb->get_col( "SHOW TABLES LIKE '%handrail%'" ) );"""


def test_deactivation_takes_the_jobs_away_and_keeps_what_waits(shop: Shop) -> None:
    shop.backend.standing = (503, 0)
    shop.publish()
    assert shop.site.php(JOBS) == "handrail_send handrail_tidy"
    shop.site.wp("plugin", "deactivate", "handrail")
    assert shop.site.php(JOBS) == ""
    shop.site.wp("plugin", "activate", "handrail")
    assert shop.counts()["waiting"] == 1


@pytest.mark.parametrize(("wanted", "left"), [(False, "2 1"), (True, "0 0")])
def test_deletion_removes_data_only_where_that_is_wanted(shop: Shop, *, wanted: bool, left: str) -> None:
    shop.set(delete_on_uninstall=wanted)
    shop.site.wp("plugin", "deactivate", "handrail")
    shop.site.php(
        "define( 'WP_UNINSTALL_PLUGIN', 'handrail/handrail.php' ); require WP_PLUGIN_DIR . '/handrail/uninstall.php';"
    )
    assert shop.site.php(KEPT) == left


def test_a_table_of_an_older_version_is_changed_when_it_is_needed(shop: Shop) -> None:
    """The schema's version decides, not the activation hook, which an update does not call."""
    said = shop.php(
        """$wpdb->query( 'DROP TABLE ' . Schema::events() ); update_option( Schema::OPTION, '0' );
        Queue::put( 'post.updated', 'page', 1 ); echo Queue::counts()['waiting'], ' ', get_option( Schema::OPTION );"""
    )
    assert said == "1 2"


ANY = "$all = apply_filters( 'wp_privacy_personal_data_%s', array() );"
PERSONAL = ANY + "echo wp_json_encode( $all['handrail']['callback']( 'admin@shop.example', %d ) );"


def test_what_is_kept_of_a_person_is_exported(shop: Shop) -> None:
    """The login name beside an event; what Handrail keeps, page by page, as text."""
    shop.publish()
    facts = {"conversation": "c", "by": "visitor", "text": "It <b>broke</b>\nHelp"}
    entry = {"kind": "message", "id": "7", "at": "2026-11-22T12:00:00Z", "facts": facts}
    shop.backend.kept = [{"entries": [entry], "done": False}, {"entries": [entry | {"kind": "ticket"}], "done": True}]
    first = json.loads(shop.site.php(PERSONAL % ("exporters", 1)))
    second = json.loads(shop.site.php(PERSONAL % ("exporters", 2)))
    assert (first["done"], second["done"]) == (False, True)
    assert [item["group_id"] for item in first["data"] + second["data"]] == [
        *("handrail-events", "handrail-messages", "handrail-tickets")
    ]
    assert first["data"][0]["data"][0]["value"] == "admin"
    assert first["data"][1]["data"][3] == {"name": "Text", "value": "It &lt;b&gt;broke&lt;/b&gt;<br />\nHelp"}
    assert [(one["event"], one["email"], one["page"]) for one in shop.backend.asked] == [
        ("privacy.export", "admin@shop.example", 1),
        ("privacy.export", "admin@shop.example", 2),
    ]


def test_what_is_kept_of_a_person_is_erased_with_a_receipt(shop: Shop) -> None:
    shop.publish()
    receipt = {"threads": 2, "messages": 9, "tickets": 1, "addresses": 3, "visitors": 1}
    shop.backend.kept = [{"receipt": receipt, "done": True}]
    erased = json.loads(shop.site.php(PERSONAL % ("erasers", 1)))
    assert (erased["items_removed"], erased["items_retained"], erased["done"]) == (17, False, True)
    assert erased["messages"] == [
        "Handrail erased 2 conversations, 9 messages and 1 tickets, and took the address off 3 other cases."
    ]
    assert json.loads(shop.site.php(PERSONAL % ("exporters", 1)))["data"] == []


@pytest.mark.parametrize("answer", [(503, 0), (401, 0), (200, 0)])
def test_a_request_does_not_look_done_while_handrail_cannot_be_asked(shop: Shop, answer: tuple[int, int]) -> None:
    """WordPress shows an error, and its request stays open; nothing is taken off here meanwhile, either."""
    shop.publish()
    shop.backend.standing = answer
    for name in ("exporters", "erasers"):
        said = json.loads(shop.site.php(PERSONAL % (name, 1)))
        assert "try again" in said["errors"]["handrail_privacy"][0]
    assert shop.php("echo Queue::page( 'sent', 9, 0 )[0]->actor;") == "admin"


def test_the_privacy_policy_has_words_for_it(shop: Shop) -> None:
    said = shop.site.php(
        """foreach ( array( 'plugin', 'class-wp-privacy-policy-content' ) as $file ) {
            require_once ABSPATH . "wp-admin/includes/$file.php"; }
        wp_set_current_user( 1 ); $GLOBALS['wp_current_filter'][] = 'admin_init'; define( 'WP_ADMIN', true );
        Handrail\\Privacy::suggest_policy();
        echo implode( ' ', array_column( WP_Privacy_Policy_Content::get_suggested_policy_text(), 'plugin_name' ) );"""
    )
    assert "Handrail" in said.split()


def test_site_health_knows_good_from_bad(shop: Shop) -> None:
    """Plain HTTP, dead letters, events that wait for long, nothing set up."""
    look = "echo Site_Health::test_settings()['status'], ' ', Site_Health::test_queue()['status'];"
    assert shop.php(look) == "critical good", "the tests' backend is reached without TLS"
    shop.set(backend="https://support.example")
    assert shop.php(look) == "good good"
    shop.php("Queue::put( 'post.updated', 'page', 1 ); Queue::bury( Queue::claim(), 'Refused.' );")
    assert shop.php(look) == "good recommended"
    shop.php(
        """Queue::put( 'post.updated', 'page', 1 );
        $wpdb->query( 'UPDATE ' . Schema::events() . ' SET occurred_at = 1' );"""
    )
    assert shop.php(look) == "good critical"
    shop.set(site_id="")
    assert shop.php(look).startswith("recommended")


def test_the_debug_information_holds_no_secret(shop: Shop) -> None:
    told = shop.php("echo wp_json_encode( Site_Health::add_information( array() ) );")
    fields = json.loads(told)["handrail"]["fields"]
    assert fields["webhook"]["value"] == "set"
    assert SECRET not in told


def test_other_software_learns_what_it_may_do_here(shop: Shop) -> None:
    """WordPress' Abilities API: only for those who may change settings."""
    ask = """wp_set_current_user( %d ); $it = wp_get_ability( 'handrail/state' )->execute();
    echo is_wp_error( $it ) ? $it->get_error_code() : $it['waiting'];"""
    assert shop.php(ask % 1) == "0"
    assert shop.php(ask % 0) == "ability_invalid_permissions"


def test_old_events_are_forgotten(shop: Shop) -> None:
    """Told ones after a week, dead ones after ninety days."""
    said = shop.php(
        """foreach ( array( 8, 6, 89, 91 ) as $n => $days ) {
            Queue::put( 'post.updated', 'page', $n + 1 ); $row = Queue::claim();
            $n < 2 ? Queue::sent( $row ) : Queue::bury( $row, 'Refused.' );
            $settled = array( 'settled_at' => time() - $days * DAY_IN_SECONDS );
            $wpdb->update( Schema::events(), $settled, array( 'id' => $row->id ) ); }
        do_action( Sender::TIDY ); $counts = Queue::counts(); echo $counts['sent'], ' ', $counts['dead'];"""
    )
    assert said == "1 1"
