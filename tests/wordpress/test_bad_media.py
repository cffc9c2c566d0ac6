"""What a real site can do wrong, up to the answer: each costs one document, says why, and holds nobody else up."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from core.db import transaction
from core.embedded import Addresses
from core.models import Document
from core.settings import get_settings
from kb.documents.indexer import index_all
from kb.search.hybrid import search
from tests.conftest import make_site
from tests.wordpress.backend import SITE
from tests.wordpress.plugin import Shop, eventually
from web.webhooks.carrying import carry_out
from web.webhooks.storing import write

pytestmark = [pytest.mark.xdist_group("wordpress-2")]
HUGE = 300 * 1024 * 1024
# Somebody saves the page just when it is being read: whoever reads has the words from before.
SAVED_MEANWHILE = """<?php
add_filter( 'rest_prepare_page', static function ( $response, $post ) {
    if ( str_contains( $post->post_content, 'seven' ) ) {
        wp_update_post( array( 'ID' => $post->ID, 'post_content' => 'The museum opens at nine.' ) );
    }
    return $response;
}, 10, 2 );"""


@pytest.fixture
def gateway(committed: Addresses, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The site, beside a gateway that may read it."""
    monkeypatch.setenv("HANDRAIL_FETCH_PRIVATE_HOSTS", '["127.0.0.1"]')
    monkeypatch.setenv("HANDRAIL_FETCH_GAP_SECONDS", "0")
    get_settings.cache_clear()
    with transaction() as session:
        make_site(session, SITE).wordpress_url = shop.site.url
    yield shop
    get_settings.cache_clear()


def settle(shop: Shop) -> None:
    """Carry out what the site has told since the last time, and read what is due."""
    received, shop.backend.received = shop.backend.received, []
    for one in received:
        with transaction() as session:
            write(session, [one])
    carry_out()
    index_all(SITE, lambda _, __: None)


def states() -> dict[str, tuple[str, str]]:
    """Title → state and reason."""
    with transaction() as session:
        return {row.title: (row.state, row.reason) for row in session.scalars(select(Document))}


def found(question: str) -> str:
    with transaction() as session:
        return " ".join(one.text for one in search(session, site_id=SITE, channel="web", query=question).snippets)


def put(shop: Shop, name: str, title: str) -> Path:
    """A file in the media library, whose bytes are still to be written; where it lies."""
    kind = {"pdf": "application/pdf", "svg": "image/svg+xml", "txt": "text/plain"}.get(name[-3:])
    kind = kind or "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    where = shop.site.php(
        f"""$dir = wp_upload_dir(); $file = $dir['path'] . '/{name}'; touch( $file );
        wp_insert_attachment( array( 'post_title' => '{title}', 'post_mime_type' => '{kind}' ), $file ); echo $file;"""
    )
    return Path(where)


def test_bad_files_cost_themselves_alone(gateway: Shop) -> None:
    """A PDF of 300 MB, a bomb in DOCX, a PDF that is none, a file that is gone too soon, an SVG with a script."""
    with put(gateway, "huge.pdf", "Huge").open("wb") as huge:
        huge.write(b"%PDF-1.7\n")
        huge.truncate(HUGE)
    with zipfile.ZipFile(put(gateway, "bomb.docx", "Bomb"), "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("[Content_Types].xml", "<Types/>")
        with bomb.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(100):
                part.write(b" " * 1024 * 1024)
    put(gateway, "fake.pdf", "Fake").write_bytes(b"<html>This is no PDF.</html>")
    put(gateway, "gone.txt", "Gone").unlink()
    put(gateway, "drawing.svg", "Drawing").write_text("<svg><script>alert(1)</script></svg>")
    put(gateway, "good.txt", "Good").write_text("The cable car runs every twelve minutes.")
    settle(gateway)
    known = states()
    assert set(known) == {"Huge", "Bomb", "Fake", "Gone", "Good"}
    assert known["Good"][0] == "live"
    assert "twelve minutes" in found("how often does the cable car run")
    assert "404" in known["Gone"][1]
    for title in ("Huge", "Bomb", "Gone"):
        assert known[title][0] != "live", title
        assert known[title][1], "it says why"


def test_a_file_that_is_deleted_before_it_is_read_is_forgotten(gateway: Shop) -> None:
    number = gateway.upload("guide.txt")
    gateway.delete(number)
    assert [name for name, _ in gateway.backend.told()] == ["media.added", "media.deleted"]
    settle(gateway)
    assert {state for state, _ in states().values()} <= {"removed"}
    assert "wash" not in found("how to wash it")


def test_a_page_that_is_saved_while_it_is_read_answers_as_it_is_now(gateway: Shop) -> None:
    """Whoever reads it may have the words from before; the event about the save has it read again."""
    trap = gateway.site.root / "wp-content/mu-plugins/trap.php"
    page = gateway.publish("Museum", post_content="The museum opens at seven.")
    trap.write_text(SAVED_MEANWHILE)
    try:
        settle(gateway)
        assert eventually(lambda: gateway.backend.told()[1:] == [("post.updated", f"page:{page}")])
        settle(gateway)
    finally:
        trap.unlink()
    assert "opens at nine" in found("when does the museum open")
    assert "seven" not in found("when does the museum open")
    gateway.delete(page, for_good=False)
    settle(gateway)
    assert found("when does the museum open") == ""


def test_what_a_site_says_is_hidden_is_answered_from_no_more(gateway: Shop) -> None:
    page = gateway.publish("Museum", post_content="The museum opens at six.")
    settle(gateway)
    assert "at six" in found("when does the museum open")
    gateway.site.php(f"update_post_meta( {page}, '_yoast_wpseo_meta-robots-noindex', '1' );")
    gateway.update(page, post_excerpt="Other.")
    settle(gateway)
    assert found("when does the museum open") == ""
