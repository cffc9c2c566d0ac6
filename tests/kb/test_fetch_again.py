"""The guarded door, asked again: what has not changed, who wants to be left alone or out, what is packed."""

import gzip
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import SourceRefused
from core.models import Document, Site
from core.settings import get_settings
from kb.documents.indexer import index_waiting
from kb.documents.registering import register
from kb.embeddings.site_models import only
from kb.errors import SourceUnavailable, TooLarge, Unchanged
from kb.sources.fetch import Limits, fetch
from kb.sources.pace import LONGEST_WAIT, Pace, retry_after
from kb.sources.page_head import read_head
from kb.sources.source import Source, read
from tests.kb.samples import Hashing
from tests.kb.web_site import WebSite, web_site

OURS = Limits(most_bytes=100_000, seconds=5, private_hosts=("127.0.0.1",))
PAGE = "<html><head><title>Returns</title>{}</head><body><p>Sixty days.</p></body></html>"


@pytest.fixture
def shop() -> Iterator[WebSite]:
    with web_site() as site:
        yield site


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": '"v1"'},
        {"ETag": 'W/"v1"', "Last-Modified": "Mon, 03 Aug 2026 10:00:00 GMT"},
        {"Last-Modified": "Mon, 03 Aug 2026 10:00:00 GMT"},
    ],
)
def test_a_page_that_has_not_changed_is_not_sent_again(shop: WebSite, headers: dict[str, str]) -> None:
    source = Source("url", shop.page("/returns", PAGE, headers=headers))
    first = read(source, OURS)
    assert first.etag == headers.get("ETag", headers.get("Last-Modified"))
    with pytest.raises(Unchanged):
        read(source, OURS, etag=first.etag)
    shop.page("/returns", PAGE, headers={"ETag": '"v2"'})
    assert read(source, OURS, etag=first.etag).etag == '"v2"'
    assert read(source, OURS).data == PAGE.encode(), "who knows nothing gets all"


def test_an_answer_of_unchanged_to_who_knows_nothing_is_no_answer(shop: WebSite) -> None:
    with pytest.raises(SourceUnavailable, match="304"):
        fetch(shop.page("/odd", b"", status=304), OURS)


@pytest.mark.parametrize(
    ("head", "headers"),
    [
        ('<meta name="robots" content="noindex, follow">', {}),
        ("<META content=none NAME=robots>", {}),
        ("<meta name='handrail' content='NOINDEX'/>", {}),
        ("", {"X-Robots-Tag": "noindex"}),
        ("", {"X-Robots-Tag": "max-snippet:20, noindex"}),
        ("", {"X-Robots-Tag": "Handrail: nofollow, noindex"}),
    ],
)
def test_a_page_that_asks_not_to_be_indexed_is_not(shop: WebSite, head: str, headers: dict[str, str]) -> None:
    with pytest.raises(SourceRefused, match="noindex"):
        fetch(shop.page("/secret", PAGE.format(head), headers=headers), OURS)


@pytest.mark.parametrize(
    ("head", "headers"),
    [
        ("<!-- <meta name='robots' content='noindex'> -->", {}),
        ("<script>'<meta name=robots content=noindex>'</script>", {}),
        ("<meta name='robots' content='index, follow, max-image-preview:large'>", {}),
        ("<meta name='googlebot' content='noindex'>", {}),
        ("<meta name='description' content='noindex'>", {}),
        ("</head><body><meta name='robots' content='noindex'>", {}),
        ("", {"X-Robots-Tag": "googlebot: noindex"}),
        ("", {"X-Robots-Tag": "unavailable_after: 25 Jun 2027 15:00:00 PST"}),
    ],
)
def test_what_is_said_to_others_or_not_said_at_all_forbids_nothing(
    shop: WebSite, head: str, headers: dict[str, str]
) -> None:
    assert fetch(shop.page("/open", PAGE.format(head), headers=headers), OURS).data


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        (
            '<link rel="canonical" href="https://www.a.example/real/?a=1&amp;b=2#part">',
            "https://www.a.example/real/?a=1&b=2",
        ),
        ("<link href=/real rel=canonical>", "https://a.example/real"),
        ("<link rel=canonical href=https://a.example/page>", ""),
        ("<link rel=canonical href=https://other.example/real>", ""),
        ("<link rel=canonical href=javascript:alert(1)>", ""),
        ("<link rel=canonical href='http://[broken'>", ""),
        ("<link rel=stylesheet href=/real>", ""),
    ],
)
def test_the_address_that_a_page_calls_its_real_one(link: str, canonical: str) -> None:
    assert read_head(PAGE.format(link).encode(), "https://a.example/page").canonical == canonical


def test_packed_pages_are_unpacked_and_counted_while_they_are(shop: WebSite) -> None:
    page = fetch(shop.page("/packed", gzip.compress(PAGE.encode()), headers={"Content-Encoding": "gzip"}), OURS)
    assert page.data == PAGE.encode()
    bomb = gzip.compress(bytes(200_000_000))
    with pytest.raises(TooLarge, match="larger"):
        fetch(shop.page("/bomb", bomb, headers={"Content-Encoding": "gzip"}), Limits(1_000_000, 5, ("127.0.0.1",)))
    with pytest.raises(SourceUnavailable, match="nobody asked"):
        fetch(shop.page("/twice", gzip.compress(bomb), headers={"Content-Encoding": "gzip, gzip"}), OURS)
    with pytest.raises(SourceUnavailable, match="EOFError"):
        fetch(shop.page("/torn", gzip.compress(PAGE.encode())[:40], headers={"Content-Encoding": "gzip"}), OURS)


def test_a_page_that_is_announced_too_large_is_not_read(shop: WebSite) -> None:
    with pytest.raises(TooLarge, match="larger"):
        fetch(shop.page("/large", b"x", headers={"Content-Length": "999999999"}), OURS)


def test_one_host_is_asked_with_a_gap(shop: WebSite) -> None:
    address = shop.page("/a", PAGE)
    began = time.monotonic()
    for _ in range(4):
        fetch(address, Limits(100_000, 5, ("127.0.0.1",), gap=0.1))
    assert time.monotonic() - began >= 0.3


def test_a_host_that_wants_to_be_left_alone_is(shop: WebSite) -> None:
    pace = Pace()
    pace.rest("a.example", LONGEST_WAIT + 60)
    with pytest.raises(SourceUnavailable, match="left alone"):
        pace.wait("a.example", 0)
    assert pace.wait("b.example", 0) == 0
    assert retry_after("120") == 120
    assert retry_after("Mon, 03 Aug 2020 10:00:00 GMT") == 0
    assert retry_after("soon") == retry_after(None) == 0
    busy = shop.page("/busy", b"", status=429, headers={"Retry-After": "120"})
    with pytest.raises(SourceUnavailable, match="429"):
        fetch(busy, OURS)
    with pytest.raises(SourceUnavailable, match="left alone"):
        fetch(busy, OURS)
    assert shop.paths() == ["/busy"]


def test_a_pages_own_word_for_its_address_is_what_citations_link_to(
    session: Session, site: Site, shop: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDRAIL_FETCH_PRIVATE_HOSTS", '["127.0.0.1"]')
    monkeypatch.setenv("HANDRAIL_FETCH_GAP_SECONDS", "0")
    get_settings.cache_clear()
    page = shop.page("/returns?ref=mail", PAGE.format("<link rel=canonical href=/returns>"))
    real = page.replace("?ref=mail", "")
    cited = Source(
        "url", shop.page("/sizes", PAGE.format("<link rel=canonical href=/other>")), url="https://a.example/"
    )
    for source in (Source("url", page, url=page), cited, Source("url", page, url=page)):
        register(session, site_id=site.id, source=source)
        session.commit()
        assert index_waiting(site.id, embedders=only(Hashing())) == 1
    urls = {row.locator: (row.url, row.state) for row in session.scalars(select(Document))}
    assert urls == {page: (real, "live"), cited.locator: ("https://a.example/", "live")}
