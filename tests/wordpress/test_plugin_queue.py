"""The queue: nothing is lost, nothing is told twice or out of order, and wp-admin never waits."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.wordpress.plugin import Shop, eventually

pytestmark = [pytest.mark.xdist_group("wordpress-2")]
PROGRESS = "echo wp_json_encode( Routes::progress()->get_data() );"
SEND = "Circuit::close(); Sender::run();"


def fill(shop: Shop, count: int) -> None:
    """Events about as many pages, put in without sending."""
    shop.php(f"foreach ( range( 1, {count} ) as $id ) {{ Queue::put( 'post.updated', 'page', 1000 + $id ); }}")


def test_nothing_is_lost_while_the_backend_is_away(shop: Shop) -> None:
    """One call finds out, and the rest waits without losing an attempt; then all is told in order."""
    shop.backend.standing = (503, 0)
    pages = [shop.publish(f"Page {count}") for count in range(3)]
    assert shop.backend.calls == 1, "the others did not even try"
    assert shop.counts()["waiting"] == 3
    assert shop.php("echo Circuit::state()['reason'];") == "Answer 503. Not now."
    shop.backend.standing = None
    shop.php(SEND)
    assert shop.backend.told() == [("post.published", f"page:{page}") for page in pages]


def test_nobody_waits_for_a_backend_that_does_not_answer(shop: Shop) -> None:
    """A host that is not there, in the editor's own request."""
    shop.set(backend="http://127.0.0.1:9")
    cookies = shop.site.log_in()
    with httpx2.Client(base_url=shop.site.url, cookies=cookies, timeout=30) as editor:
        nonce = editor.get("/wp-admin/admin-ajax.php?action=rest-nonce").text
        began = time.monotonic()
        post = {"title": "Shipping", "status": "publish"}
        assert editor.post("/wp-json/wp/v2/pages", json=post, headers={"X-WP-Nonce": nonce}).status_code == 201
        assert time.monotonic() - began < 2
    assert eventually(lambda: shop.php("echo Circuit::state()['failures'];") == "1")
    assert shop.counts()["waiting"] == 1


def test_the_backend_says_how_long_to_wait(shop: Shop) -> None:
    """429 with Retry-After: all rest for as long, and no longer."""
    shop.backend.answers = [(429, 120)]
    shop.publish()
    assert 110 < int(shop.php("echo Circuit::state()['until'] - time();")) <= 120
    assert shop.counts() | {"oldest": 0} == {"waiting": 1, "sending": 0, "sent": 0, "dead": 0, "oldest": 0}


@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_a_wrong_setting_costs_no_event(shop: Shop, status: int) -> None:
    """All rest until somebody has set it right: saving the settings tries again."""
    shop.backend.answers = [(status, 0)]
    page = shop.publish()
    assert shop.counts()["waiting"] == 1
    shop.set(title="Ask us")
    shop.php("Sender::run();")
    assert shop.backend.told() == [("post.published", f"page:{page}")]


def test_an_event_that_is_refused_is_dead_at_once_and_the_others_flow(shop: Shop) -> None:
    shop.backend.answers = [(422, 0)]
    shop.publish()
    other = shop.publish("Other")
    assert shop.counts()["dead"] == 1
    assert shop.backend.told() == [("post.published", f"page:{other}")]


def test_an_event_that_breaks_the_backend_is_tried_ten_times(shop: Shop) -> None:
    """With waits that grow; the last failure makes it a dead letter."""
    shop.backend.standing = (500, 0)
    shop.publish()
    assert int(shop.php("echo $wpdb->get_var( 'SELECT due_at FROM ' . Schema::events() ) - time();")) >= 1
    shop.php(
        """foreach ( range( 2, 10 ) as $_ ) {
            $wpdb->query( 'UPDATE ' . Schema::events() . ' SET due_at = 0' ); Sender::run(); }"""
    )
    assert shop.backend.calls == 10
    assert (shop.counts()["dead"], shop.counts()["waiting"]) == (1, 0)


def test_waits_grow_to_an_hour_and_no_further(shop: Shop) -> None:
    waits = json.loads(shop.php("echo wp_json_encode( array_map( array( Queue::class, 'wait' ), range( 1, 40 ) ) );"))
    assert 2 <= waits[0] <= 5
    assert min(waits[7:]) >= 1800
    assert max(waits) <= 3600


def test_four_senders_at_once_tell_each_event_once(shop: Shop) -> None:
    """The claim is atomic: no event is told twice, none is left."""
    fill(shop, 60)
    with ThreadPoolExecutor(4) as senders:
        list(senders.map(lambda _: shop.php("Sender::run();"), range(4)))
    told = shop.backend.told()
    assert len(told) == len(set(told)) == 60
    assert shop.counts()["sent"] == 60


def test_a_backlog_after_an_outage_flows_in_order_and_loses_nothing(shop: Shop) -> None:
    """300 events; the backend asks for a pause in between, breaks once, and pages are changed on meanwhile.

    `python -m ops.wordpress.backlog` does the same with 10,000 and the real gateway.
    """
    shop.backend.standing = (503, 0)
    fill(shop, 300)
    assert int(shop.php("Sender::run(); echo Circuit::state()['failures'];")) == 1
    shop.backend.standing, shop.backend.answers = None, [(202, 0)] * 120 + [(429, 30)]
    shop.php(SEND)
    assert (shop.counts()["waiting"], len(shop.backend.told())) == (180, 120), "it rests when it is asked to"
    shop.php("Sender::run();")
    assert shop.backend.calls == 122, "and nobody asks meanwhile"
    fill(shop, 20)  # of what was told already; and of what waits, which the newer event stands for
    shop.php("foreach ( range( 1, 10 ) as $id ) { Queue::put( 'post.trashed', 'page', 1290 + $id ); }")
    shop.backend.answers = [(202, 0)] * 50 + [(500, 0)]
    shop.php(SEND)
    shop.php("$wpdb->query( 'UPDATE ' . Schema::events() . ' SET due_at = 0' ); Sender::run();")
    subjects = [subject for _, subject in shop.backend.told()]
    numbers = [int(subject.partition(":")[2]) - 1000 for subject in subjects]
    assert sorted(numbers) == sorted([*range(1, 301), *range(1, 21)])
    numbers.remove(171)  # the one that broke the backend comes again when its wait is over, and holds nobody up
    assert numbers == [*range(1, 171), *range(172, 291), *range(1, 21), *range(291, 301)]
    assert shop.counts() | {"oldest": 0} == {"waiting": 0, "sending": 0, "sent": 320, "dead": 0, "oldest": 0}


def test_a_sender_that_died_gives_its_event_back_when_the_lease_ends(shop: Shop) -> None:
    """And settles nothing, should it come back."""
    shop.php("Queue::put( 'post.updated', 'page', 1 );")
    said = shop.php(
        """$dead = Queue::claim(); $nobody = Queue::claim();
        $wpdb->query( 'UPDATE ' . Schema::events() . ' SET leased_until = 1' );
        $next = Queue::claim(); Queue::bury( $dead, 'late' ); Queue::sent( $next );
        echo wp_json_encode( array( $nobody, $dead->event_id === $next->event_id, Queue::counts()['sent'] ) );"""
    )
    assert json.loads(said) == [None, True, 1]


def test_a_newer_event_waits_for_the_one_that_is_being_sent(shop: Shop) -> None:
    """Of the waiting ones about one page only the newest is kept."""
    said = shop.php(
        """Queue::put( 'post.published', 'page', 1 ); $sent = Queue::claim();
        Queue::put( 'post.updated', 'page', 1 ); Queue::put( 'post.trashed', 'page', 1 );
        Queue::put( 'post.updated', 'page', 2 );
        $other = Queue::claim(); $none = Queue::claim(); Queue::put_back( $sent, 'away' );
        $next = Queue::claim(); echo wp_json_encode( array( $other->subject, $none, $next->event ) );"""
    )
    assert json.loads(said) == ["page:2", None, "post.trashed"]


def test_a_filter_that_breaks_costs_one_event_alone(shop: Shop) -> None:
    pages = [shop.publish(f"Page {count}") for count in range(2)]
    shop.backend.forget()
    said = shop.php(
        f"""foreach ( array( {pages[0]}, {pages[1]} ) as $id ) {{ Queue::put( 'post.updated', 'page', $id ); }}
        $broken = fn( $fits, $post ) => {pages[0]} === $post->ID ? throw new \\Exception( 'Broken.' ) : $fits;
        add_filter( 'handrail_send_post', $broken, 10, 2 );
        Sender::run(); echo Queue::page( 'waiting', 9, 0 )[0]->reason;"""
    )
    assert said == "Broken."
    assert shop.backend.told() == [("post.updated", f"page:{pages[1]}")]


def test_everything_is_indexed_in_batches_with_progress(shop: Shop) -> None:
    """250 pages, of which 5 are drafts, and a file; the queue never holds more than its bound."""
    shop.php(
        """foreach ( range( 1, 250 ) as $n ) { wp_insert_post( array( 'post_title' => "Page $n", 'post_type' => 'page',
            'post_status' => $n % 50 ? 'publish' : 'draft' ) ); }
        $wpdb->query( 'DELETE FROM ' . Schema::events() ); remove_all_actions( 'shutdown' );"""
    )
    shop.upload()
    shop.backend.forget()
    first = json.loads(shop.php(f"Indexing::start(); Indexing::step(); {PROGRESS} remove_all_actions( 'shutdown' );"))
    assert (first["done"], first["total"], first["is_over"], first["waiting"]) == (100, 246, False, 100)
    last = json.loads(shop.php(f"foreach ( range( 1, 9 ) as $_ ) {{ Indexing::step(); Sender::run(); }} {PROGRESS}"))
    assert (last["done"], last["is_over"], last["waiting"]) == (246, True, 0)
    assert len(set(shop.backend.told())) == 246


def test_a_dead_letter_is_tried_again_from_wp_admin(shop: Shop) -> None:
    """With the table's own form; not without its nonce, and not by somebody who may not."""
    shop.backend.answers = [(422, 0)]
    page = shop.publish('A "quoted" <title>')
    shop.add_editor("eve")
    where = "/wp-admin/options-general.php?page=handrail&tab=events"
    with httpx2.Client(base_url=shop.site.url, cookies=shop.site.log_in(), timeout=30) as admin:
        table = admin.get(where).text
        assert f"page:{page}" in table
        [number] = re.findall(r'name="event\[\]" value="(\d+)"', table)
        nonce = re.search(r'name="_wpnonce" value="(\w+)"', table)
        assert nonce
        form = {"action": "retry", "event[]": number}
        assert admin.post(where, data=form).status_code == 403
        with httpx2.Client(base_url=shop.site.url, cookies=shop.site.log_in("eve", "eve"), timeout=30) as eve:
            assert eve.post(where, data=form | {"_wpnonce": nonce[1]}).status_code == 403
        assert shop.counts()["dead"] == 1
        assert admin.post(where, data=form | {"_wpnonce": nonce[1]}).status_code == 302
    assert eventually(lambda: shop.backend.told() == [("post.published", f"page:{page}")])
