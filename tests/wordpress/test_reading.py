"""What Handrail reads of a real WordPress' posts: what every visitor can read, without the site around it."""

import pytest

from core.errors import SourceRefused
from kb.errors import SourceGone
from kb.loaders import load
from kb.sources.fetch import Limits
from kb.sources.wordpress import read_post
from ops.wordpress.site import Site
from tests.wordpress.pages import make_page

pytestmark = [pytest.mark.xdist_group("wordpress")]
HERE = Limits(private_hosts=("127.0.0.1",))
BLOCKS = """<!-- wp:heading --><h2 class="wp-block-heading">Opening &amp; closing</h2><!-- /wp:heading -->
<!-- wp:paragraph --><p>We open at <strong>nine</strong>.</p><!-- /wp:paragraph -->
<!-- wp:list --><ul><!-- wp:list-item --><li>Keswick</li><!-- /wp:list-item --></ul><!-- /wp:list -->
<!-- wp:shortcode -->[year_founded]<!-- /wp:shortcode -->
<!-- wp:latest-posts /-->"""


def address(site: Site, number: int) -> str:
    """Of a page, in the REST API."""
    return f"{site.url}/wp-json/wp/v2/pages/{number}"


def test_blocks_and_shortcodes_become_the_text_that_visitors_see(wordpress: Site) -> None:
    code = "<?php add_shortcode( 'year_founded', static fn() => 'Founded in 1974.' );"
    (wordpress.root / "wp-content/mu-plugins/year.php").write_text(code)
    try:
        number = make_page(wordpress, "Fish & chips", BLOCKS)
        data, link, changed_at, _ = read_post(address(wordpress, number), HERE)
    finally:
        (wordpress.root / "wp-content/mu-plugins/year.php").unlink()
    blocks = load(data, "post.html", "text/html").blocks
    said = [(block.kind, block.text) for block in blocks]
    assert ("heading", "Fish & chips") in said
    assert ("heading", "Opening & closing") in said
    text = "\n".join(block.text for block in blocks)
    assert "We open at nine." in text
    assert "Founded in 1974." in text
    assert "wp:" not in text
    assert "[year_founded]" not in text
    assert link == f"{wordpress.url}/fish-chips/"
    assert changed_at is not None


@pytest.mark.parametrize("status", ["draft", "private", "pending", "future", "trash"])
def test_what_is_not_published_is_not_read(wordpress: Site, status: str) -> None:
    number = make_page(wordpress, "Secret", "<p>Not yet.</p>", status=status)
    with pytest.raises((SourceRefused, SourceGone)):
        read_post(address(wordpress, number), HERE)


def test_what_a_password_guards_is_not_read(wordpress: Site) -> None:
    number = make_page(wordpress, "Secret", "<p>Not you.</p>", password="open sesame")
    with pytest.raises(SourceGone):
        read_post(address(wordpress, number), HERE)


def test_what_was_deleted_is_gone(wordpress: Site) -> None:
    number = make_page(wordpress, "Old", "<p>Over.</p>")
    wordpress.php(f"wp_delete_post( {number}, true );")
    with pytest.raises(SourceGone):
        read_post(address(wordpress, number), HERE)


def test_a_title_that_would_close_a_script_stays_a_title(wordpress: Site) -> None:
    number = make_page(wordpress, "</script><script>alert(1)</script> Sale", "<p>Everything must go.</p>")
    data, *_ = read_post(address(wordpress, number), HERE)
    blocks = load(data, "post.html", "text/html").blocks
    assert "Everything must go." in [block.text for block in blocks]
    assert blocks[0].kind == "heading"
    assert "Sale" in blocks[0].text
