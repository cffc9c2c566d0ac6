"""What a real site tells Handrail, and what it keeps to itself."""

import httpx2
import pytest

from tests.wordpress.backend import SITE
from tests.wordpress.plugin import Shop, eventually

pytestmark = [pytest.mark.xdist_group("wordpress")]

# WooCommerce's own objects, as far as the plugin looks at them.
WOOCOMMERCE = """
class An_Item { public function __construct( private array $row ) {}
    public function __call( $name, $_ ) { return $this->row[ $name ]; } }
class An_Order { public function __construct( public string $status ) {}
    public function get_id() { return 7; } public function get_order_number() { return '1042'; }
    public function get_status() { return $this->status; } public function get_currency() { return 'EUR'; }
    public function get_date_created() { return new DateTime( '2026-10-05T08:15:00Z' ); }
    public function get_total() { return '119.90'; } public function get_billing_email() { return 'ada@example.com'; }
    public function get_billing_phone() { return '555 0100'; }
    public function get_meta( $key ) {
        return '_wc_shipment_tracking_items' === $key ? array( array( 'tracking_provider' => 'Posten' ) ) : 'secret'; }
    public function get_items( $kind = 'line_item' ) { return array( 9 => new An_Item( 'shipping' === $kind
        ? array( 'get_method_title' => 'Home delivery' ) : array( 'get_name' => 'Tent', 'get_quantity' => 2 ) ) ); } }
function wc_get_order( $id ) { return 7 === $id ? new An_Order( $GLOBALS['status'] ) : false; }
"""


def test_a_page_is_told_from_its_first_day_to_its_last(shop: Shop) -> None:
    """Published, changed, withdrawn, published again, in the trash, deleted."""
    page = shop.publish()
    for change in ({"post_content": "More."}, {"post_status": "draft"}, {"post_status": "publish"}):
        shop.update(page, **change)
    shop.delete(page, for_good=False)
    shop.delete(page)
    names = ("published", "updated", "unpublished", "published", "trashed", "deleted")
    assert shop.backend.told() == [(f"post.{name}", f"page:{page}") for name in names]
    assert all(one["site_id"] == SITE for one in shop.backend.events)


def test_where_a_page_can_be_read_is_told_with_it(shop: Shop) -> None:
    """The REST address gives the post, with the field of the plugin beside it."""
    shop.publish("Returns & <b>more</b>")
    [event] = shop.backend.events
    assert event["data"]["title"] == "Returns & more"
    assert event["data"]["link"] == f"{shop.site.url}/returns-more/"
    post = httpx2.get(event["data"]["rest_url"], timeout=20).json()
    assert post["link"] == event["data"]["link"]
    assert post["handrail"] == {"text": "", "language": "en-US"}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "draft"},
        {"status": "private"},
        {"status": "future", "post_date": "2099-01-01 00:00:00"},
        {"kind": "wp_navigation"},
        {"kind": "wp_global_styles"},
        {"kind": "wp_block"},
    ],
    ids=str,
)
def test_what_visitors_cannot_read_is_never_told(shop: Shop, fields: dict[str, str]) -> None:
    """Drafts, private and future pages, menus, styles, patterns."""
    shop.update(shop.publish("Secret", **fields), post_content="Other.")
    assert shop.backend.told() == []
    assert shop.counts() == {"waiting": 0, "sending": 0, "sent": 0, "dead": 0, "oldest": 0}


def test_a_password_withdraws_a_page(shop: Shop) -> None:
    """And taking it off publishes it again; nothing of what it says is told meanwhile."""
    page = shop.publish()
    shop.update(page, post_password="open")
    shop.update(page, post_password="")
    assert [name for name, _ in shop.backend.told()] == ["post.published", "post.unpublished", "post.updated"]
    assert shop.backend.events[1]["data"] == {}


def test_saving_makes_revisions_and_autosaves_and_tells_one_event(shop: Shop) -> None:
    """Many hooks fire for one save: the newest event about a page stands for all."""
    page = shop.publish()
    shop.backend.forget()
    shop.php(
        f"""wp_update_post( array( 'ID' => {page}, 'post_content' => 'One.' ) );
        wp_update_post( array( 'ID' => {page}, 'post_content' => 'Two.' ) );
        _wp_put_post_revision( {page}, true );"""
    )
    assert shop.backend.told() == [("post.updated", f"page:{page}")]


def test_documents_are_told_and_pictures_are_not(shop: Shop) -> None:
    """Uploaded, renamed, deleted."""
    file = shop.upload("guide.txt")
    shop.upload("photo.jpg")
    shop.update(file, post_title="Washing")
    shop.delete(file)
    assert shop.backend.told() == [(f"media.{name}", f"attachment:{file}") for name in ("added", "updated", "deleted")]
    data = shop.backend.events[1]["data"]
    assert (data["title"], data["mime_type"]) == ("Washing", "text/plain")
    assert data["file_url"].startswith(f"{shop.site.url}/wp-content/uploads/")


def test_a_file_of_a_draft_waits_for_the_draft(shop: Shop) -> None:
    """What hangs on a page is public when the page is."""
    page = shop.publish(status="draft")
    file = shop.upload("guide.txt", f", 'post_parent' => {page}")
    assert shop.backend.told() == []
    for status in ("publish", "draft"):
        shop.update(page, post_status=status)
    assert shop.backend.told() == [
        ("post.published", f"page:{page}"),
        ("media.updated", f"attachment:{file}"),
        ("post.unpublished", f"page:{page}"),
        ("media.deleted", f"attachment:{file}"),
    ]


def test_orders_are_told_with_what_is_needed_and_no_more(shop: Shop) -> None:
    """Number, state, items, shipping and e-mail address, as WooCommerce's REST API writes them."""
    shop.site.php(WOOCOMMERCE + "$GLOBALS['status'] = 'completed'; do_action( 'woocommerce_update_order', 7 );")
    [event] = shop.backend.events
    assert (event["event"], event["subject"]) == ("order.updated", {"type": "order", "id": 7})
    assert event["data"]["order"] == {
        "id": 7,
        "number": "1042",
        "status": "completed",
        "currency": "EUR",
        "date_created_gmt": "2026-10-05T08:15:00",
        "total": "119.90",
        "billing": {"email": "ada@example.com"},
        "line_items": [{"name": "Tent", "quantity": 2}],
        "shipping_lines": [{"method_title": "Home delivery"}],
        "meta_data": [{"key": "_wc_shipment_tracking_items", "value": [{"tracking_provider": "Posten"}]}],
    }
    shop.site.php(WOOCOMMERCE + "$GLOBALS['status'] = 'trash'; do_action( 'woocommerce_update_order', 7 );")
    assert shop.backend.told()[1:] == [("order.deleted", "order:7")]
    assert shop.backend.events[1]["data"] == {"number": "1042"}


def test_a_deleted_order_is_told_with_the_number_that_it_had(shop: Shop) -> None:
    """A shop may count its orders in its own way; when it is told, the order can't be asked any more."""
    gone = """$GLOBALS['status'] = 'completed'; do_action( 'woocommerce_before_delete_order', 7 );
    do_action( 'woocommerce_delete_order', 7 );"""
    shop.site.php(WOOCOMMERCE.replace("7 === $id", "! did_action( 'woocommerce_delete_order' )") + gone)
    assert shop.backend.told() == [("order.deleted", "order:7")]
    assert shop.backend.events[0]["data"] == {"number": "1042"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_yoast_wpseo_meta-robots-noindex", "'1'"),
        ("rank_math_robots", "array( 'noindex', 'nofollow' )"),
        ("_seopress_robots_index", "'yes'"),
    ],
)
def test_what_search_engines_shall_not_find_is_withdrawn(shop: Shop, key: str, value: str) -> None:
    """As SEO plugins note it for one page; a filter may say otherwise."""
    page = shop.publish()
    shop.php(f"update_post_meta( {page}, '{key}', {value} ); wp_update_post( array( 'ID' => {page} ) );")
    shop.php(f"add_filter( 'handrail_send_post', '__return_true' ); wp_update_post( array( 'ID' => {page} ) );")
    shop.php(f"delete_post_meta( {page}, '{key}' ); wp_update_post( array( 'ID' => {page} ) );")
    names = ("published", "unpublished", "updated", "updated")
    assert [name for name, _ in shop.backend.told()] == [f"post.{name}" for name in names]


def test_an_order_waits_while_woocommerce_is_switched_off(shop: Shop) -> None:
    """It is not told as deleted; and without WooCommerce nothing new is noted."""
    shop.php("Queue::add( 'order.updated', 'order', 7 ); do_action( 'woocommerce_update_order', 8 );")
    assert (shop.counts()["waiting"], shop.backend.calls) == (1, 0)
    assert shop.php("echo Queue::page( 'waiting', 9, 0 )[0]->reason;") == "WooCommerce is not active."


def test_fields_come_in_by_filter_and_scripts_do_not(shop: Shop) -> None:
    """`handrail_post_text`, for custom fields; `handrail_post_language`."""
    page = shop.publish()
    said = shop.site.php(
        f"""$text = fn( $_, $post ) => "<p>Size of $post->ID</p><script>x</script>";
        add_filter( 'handrail_post_text', $text, 10, 2 );
        add_filter( 'handrail_post_language', fn() => 'de' );
        $post = rest_do_request( new WP_REST_Request( 'GET', '/wp/v2/pages/{page}' ) )->get_data();
        echo wp_json_encode( $post['handrail'] );"""
    )
    assert said == f'{{"text":"<p>Size of {page}<\\/p>x","language":"de"}}'


def test_a_type_that_is_not_chosen_any_more_is_withdrawn(shop: Shop) -> None:
    """And one that is chosen anew is told."""
    page = shop.publish()
    post = shop.publish("News", kind="post")
    shop.backend.forget()
    shop.set(post_types=["post"])
    shop.site.php("do_action( 'handrail_index' );")
    assert shop.backend.told() == [("post.unpublished", f"page:{page}")]
    shop.set(post_types=["post", "page"])
    shop.site.php("do_action( 'handrail_index' );")
    assert shop.backend.told()[1:] == [("post.updated", f"page:{page}")]
    assert f"post:{post}" not in {subject for _, subject in shop.backend.told()}


def test_an_editor_publishes_in_the_browser_and_it_is_told_at_once(shop: Shop) -> None:
    """The editor's request ends without the backend; the site's call to itself tells it."""
    cookies = shop.site.log_in()
    with httpx2.Client(base_url=shop.site.url, cookies=cookies, timeout=30) as editor:
        nonce = editor.get("/wp-admin/admin-ajax.php?action=rest-nonce").text
        post = {"title": "Shipping", "content": "Two days.", "status": "publish"}
        answer = editor.post("/wp-json/wp/v2/pages", json=post, headers={"X-WP-Nonce": nonce})
    assert answer.status_code == 201
    assert eventually(lambda: shop.backend.told() == [("post.published", f"page:{answer.json()['id']}")], 5)
    assert shop.backend.events[0]["actor"] == "admin"
