"""Sitemaps: what they name is read, what they name no more is taken out, and a bad one changes nothing."""

import gzip
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import SiteNotFound, SourceRefused
from core.models import Document, Site, Sitemap
from core.settings import get_settings
from kb.documents.registering import remove
from kb.errors import SitemapBroken, TooLarge
from kb.sources.sitemap import due_sitemaps, looks_like_sitemap, read_sitemap, register_sitemap, remove_sitemap
from kb.sources.sitemap_file import Listed, read_file
from tests.kb.web_site import WebSite, web_site

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/xsl" href="x.xsl"?>\n'
SPACE = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
EMPTY = f"{HEAD}<urlset {SPACE}></urlset>"
AUGUST = "2026-08-03T10:00:00+00:00"
PICTURE = "<image:image><image:loc>http://a.example/p.png</image:loc></image:image>"


def pages(*urls: str, lastmod: str = "") -> str:
    said = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    return f"{HEAD}<urlset {SPACE}>{''.join(f'<url><loc> {url} </loc>{said}{PICTURE}</url>' for url in urls)}</urlset>"


def index(*urls: str) -> str:
    return (
        f"{HEAD}<sitemapindex {SPACE}>{''.join(f'<sitemap><loc>{url}</loc></sitemap>' for url in urls)}</sitemapindex>"
    )


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebSite]:
    monkeypatch.setenv("HANDRAIL_FETCH_PRIVATE_HOSTS", '["127.0.0.1"]')
    monkeypatch.setenv("HANDRAIL_FETCH_GAP_SECONDS", "0")
    get_settings.cache_clear()
    with web_site() as opened:
        yield opened
    monkeypatch.undo()
    get_settings.cache_clear()


def read(session: Session, site: Site, shop: WebSite, path: str = "/sitemap.xml") -> Sitemap:
    """Register the sitemap at `path` and read it now."""
    sitemap = register_sitemap(session, site_id=site.id, url=shop.url + path)
    session.commit()
    read_sitemap(sitemap.id)
    session.expire_all()
    return sitemap


def documents(session: Session, shop: WebSite) -> dict[str, Document]:
    """Documents by path."""
    return {row.locator.removeprefix(shop.url): row for row in session.scalars(select(Document))}


def live(session: Session, **values: object) -> None:
    """As if all documents had been read, in September."""
    read_at = {"state": "live", "due_at": None, "reason": "", "checked_at": datetime(2026, 9, 1, tzinfo=UTC)}
    session.execute(update(Document).values(read_at | values))
    session.commit()


def test_pages_become_documents_that_are_due_and_remember_when_they_changed(
    session: Session, site: Site, shop: WebSite
) -> None:
    shop.page(
        "/sitemap.xml",
        pages(f"{shop.url}/a", f"{shop.url}/b#part", lastmod=AUGUST),
        headers={"X-Robots-Tag": "noindex"},
    )
    sitemap = read(session, site, shop)
    assert (sitemap.state, sitemap.reason, sitemap.pages) == ("live", "", 2)
    found = documents(session, shop)
    assert set(found) == {"/a", "/b"}
    assert found["/a"].updated_at == datetime(2026, 8, 3, 10, tzinfo=UTC)
    assert (found["/a"].state, found["/a"].source, found["/a"].url) == ("queued", "url", f"{shop.url}/a")
    assert found["/a"].due_at is not None
    assert due_sitemaps(session) == [], "it is not due again before a good while"
    assert shop.asked[0][1]["user-agent"].startswith("Handrail/")


def test_an_index_is_followed_packed_or_not_but_not_in_circles(session: Session, site: Site, shop: WebSite) -> None:
    shop.page("/sitemap_index.xml", index(f"{shop.url}/1.xml.gz", f"{shop.url}/2.txt", f"{shop.url}/sitemap_index.xml"))
    shop.page("/1.xml.gz", gzip.compress(pages(f"{shop.url}/a").encode()), "application/gzip")
    shop.page("/2.txt", f"{shop.url}/b\n\n{shop.url}/c\n", "text/plain")
    sitemap = read(session, site, shop, "/sitemap_index.xml")
    assert (sitemap.state, sitemap.reason) == ("live", "")
    assert set(documents(session, shop)) == {"/a", "/b", "/c"}
    assert sorted(shop.paths()) == ["/1.xml.gz", "/2.txt", "/robots.txt", "/sitemap_index.xml"]


def test_robots_are_obeyed_and_other_hosts_left_out(session: Session, site: Site, shop: WebSite) -> None:
    shop.page(
        "/robots.txt",
        "User-agent: *\nAllow: /\n\nUser-agent: handrail\nDisallow: /cart\nCrawl-delay: 7\n",
        "text/plain",
    )
    outside = ("http://other.example/x", "ftp://127.0.0.1/y", f"http://me@{shop.url[7:]}/z", "http://[broken")
    shop.page("/sitemap.xml", pages(f"{shop.url}/a", f"{shop.url}/cart/1", f"{shop.url}/b", f"{shop.url}/c", *outside))
    # The delay counts between the sitemap's own files, too, and there is only one.
    sitemap = read(session, site, shop)
    assert sitemap.reason == "Left out: 4 of other hosts, 1 forbidden by robots.txt."
    due = sorted(row.due_at for row in documents(session, shop).values() if row.due_at)
    assert [later - first for first, later in itertools.pairwise(due)] == [timedelta(seconds=7)] * 2


def test_a_forbidden_sitemap_is_not_read(session: Session, site: Site, shop: WebSite) -> None:
    shop.page("/robots.txt", "User-agent: *\nDisallow: /\n", "text/plain")
    shop.page("/sitemap.xml", pages(f"{shop.url}/a"))
    sitemap = read(session, site, shop)
    assert sitemap.state == "failed"
    assert "robots.txt forbids" in sitemap.reason
    assert shop.paths() == ["/robots.txt"]


def test_while_robots_are_not_known_nothing_is_read(session: Session, site: Site, shop: WebSite) -> None:
    shop.page("/robots.txt", "", status=500)
    sitemap = read(session, site, shop)
    assert (sitemap.state, sitemap.attempts) == ("queued", 1)
    assert "500" in sitemap.reason
    assert shop.paths() == ["/robots.txt"]


def test_a_page_that_has_not_changed_is_not_read_again(session: Session, site: Site, shop: WebSite) -> None:
    shop.page("/sitemap.xml", pages(f"{shop.url}/a", f"{shop.url}/b", lastmod=AUGUST))
    read(session, site, shop)
    live(session)
    read(session, site, shop)
    found = documents(session, shop)
    now = session.scalars(select(func.now())).one()
    assert [(row.due_at, row.checked_at == now) for row in found.values()] == [(None, True)] * 2
    live(session)
    shop.page("/sitemap.xml", pages(f"{shop.url}/a", f"{shop.url}/b", lastmod="2026-10-01T10:00:00Z"))
    read(session, site, shop)
    assert all(row.due_at and row.state == "live" for row in documents(session, shop).values())


@pytest.mark.parametrize("lastmod", ["", "yesterday", "2026-08-31"])
def test_a_page_of_which_nobody_knows_when_it_changed_is_read_again(
    session: Session, site: Site, shop: WebSite, lastmod: str
) -> None:
    """A date without a time leaves open what happened later on that day: it was read on the next."""
    shop.page("/sitemap.xml", pages(f"{shop.url}/a", lastmod=lastmod))
    read(session, site, shop)
    live(session)
    read(session, site, shop)
    assert documents(session, shop)["/a"].due_at is not None


def test_a_page_that_was_not_read_since_it_changed_is_read_again(session: Session, site: Site, shop: WebSite) -> None:
    shop.page("/sitemap.xml", pages(f"{shop.url}/a", lastmod=AUGUST))
    read(session, site, shop)
    live(session, reason="The old text stays, because the host did not answer.")
    read(session, site, shop)
    assert documents(session, shop)["/a"].due_at is not None


def test_what_the_sitemap_names_no_more_is_taken_out_and_comes_back_with_it(
    session: Session, site: Site, shop: WebSite
) -> None:
    shop.page("/sitemap.xml", pages(f"{shop.url}/a", f"{shop.url}/b"))
    read(session, site, shop)
    live(session)
    shop.page("/sitemap.xml", pages(f"{shop.url}/a"))
    read(session, site, shop)
    assert {path: row.state for path, row in documents(session, shop).items()} == {"/a": "live", "/b": "removed"}
    shop.page("/sitemap.xml", pages(f"{shop.url}/a", f"{shop.url}/b"))
    read(session, site, shop)
    assert documents(session, shop)["/b"].state == "queued"


@pytest.mark.parametrize(
    "bad",
    [
        EMPTY,
        "",
        pages("http://127.0.0.1/a")[:-30],
        "<!doctype html><html><body>Down for maintenance</body></html>",
        "Fatal error: out of memory",
        pages("http://other.example/a"),
    ],
)
def test_an_empty_or_broken_sitemap_removes_nothing(session: Session, site: Site, shop: WebSite, bad: str) -> None:
    shop.page("/sitemap.xml", pages(f"{shop.url}/a"))
    read(session, site, shop)
    live(session)
    shop.page("/sitemap.xml", bad)
    sitemap = read(session, site, shop)
    assert sitemap.state == "failed"
    assert sitemap.reason.startswith("The ")
    assert sitemap.due_at is not None
    assert sitemap.due_at > datetime.now(UTC) + timedelta(hours=24)
    assert documents(session, shop)["/a"].state == "live"


def test_where_a_part_is_missing_nothing_is_removed(session: Session, site: Site, shop: WebSite) -> None:
    shop.page("/sitemap.xml", index(f"{shop.url}/1.xml", f"{shop.url}/2.xml"))
    shop.page("/1.xml", pages(f"{shop.url}/a"))
    shop.page("/2.xml", pages(f"{shop.url}/b"))
    read(session, site, shop)
    live(session)
    shop.page("/2.xml", "", status=404)
    sitemap = read(session, site, shop)
    assert "/2.xml was not read" in sitemap.reason
    assert "nothing was taken out" in sitemap.reason
    assert documents(session, shop)["/b"].state == "live"


def test_what_somebody_took_out_or_brought_in_by_hand_stays_so(session: Session, site: Site, shop: WebSite) -> None:
    shop.page("/sitemap.xml", pages(f"{shop.url}/a", f"{shop.url}/b"))
    session.add(Document(site_id=site.id, source="url", locator=f"{shop.url}/b", channels=["*"], state="live"))
    read(session, site, shop)
    remove(session, site_id=site.id, locator=f"{shop.url}/a")
    session.commit()
    read(session, site, shop)
    found = documents(session, shop)
    assert (found["/a"].state, found["/b"].sitemap_id) == ("removed", None)
    shop.page("/sitemap.xml", pages(f"{shop.url}/c"))
    read(session, site, shop)
    assert documents(session, shop)["/b"].state == "live"


def test_only_so_many_pages_are_read(
    session: Session, site: Site, shop: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDRAIL_SITEMAP_MAX_PAGES", "2")
    get_settings.cache_clear()
    shop.page("/sitemap.xml", pages(*(f"{shop.url}/{n}" for n in range(5))))
    sitemap = read(session, site, shop)
    assert (sitemap.pages, sitemap.state) == (5, "live")
    assert sitemap.reason.startswith("3 pages are not read")
    assert set(documents(session, shop)) == {"/0", "/1"}


def test_other_channels_hold_for_its_pages(session: Session, site: Site, shop: WebSite) -> None:
    shop.page("/sitemap.xml", pages(f"{shop.url}/a", lastmod=AUGUST))
    sitemap = read(session, site, shop)
    register_sitemap(session, site_id=site.id, url=sitemap.url, channels=("email",))
    session.commit()
    read_sitemap(sitemap.id)
    session.expire_all()
    assert documents(session, shop)["/a"].channels == ["email"]


def test_a_sitemap_that_is_forgotten_takes_its_pages_along(session: Session, site: Site, shop: WebSite) -> None:
    shop.page("/sitemap.xml", pages(f"{shop.url}/a", f"{shop.url}/b"))
    sitemap = read(session, site, shop)
    url = sitemap.url
    assert remove_sitemap(session, site_id=site.id, url=url) == 2
    assert {row.state for row in documents(session, shop).values()} == {"removed"}
    assert remove_sitemap(session, site_id=site.id, url=url) is None


def test_two_workers_do_not_read_one_sitemap_at_once(session: Session, site: Site, shop: WebSite) -> None:
    sitemap = register_sitemap(session, site_id=site.id, url=f"{shop.url}/sitemap.xml")
    sitemap.leased_until = datetime.now(UTC) + timedelta(minutes=5)
    session.commit()
    assert due_sitemaps(session) == []
    assert read_sitemap(sitemap.id) == "queued"
    assert shop.asked == []


def test_only_web_addresses_of_known_sites_are_registered(session: Session, site: Site) -> None:
    with pytest.raises(SiteNotFound):
        register_sitemap(session, site_id="nobody", url="https://a.example/sitemap.xml")
    with pytest.raises(SourceRefused):
        register_sitemap(session, site_id=site.id, url="file:///etc/sitemap.xml")


def test_a_sitemap_on_a_private_address_is_refused(session: Session, site: Site) -> None:
    with web_site() as shop:
        shop.page("/sitemap.xml", pages(f"{shop.url}/a"))
        sitemap = read(session, site, shop)
        assert sitemap.state == "failed"
        assert "private address" in sitemap.reason
        assert shop.asked == []


@pytest.mark.parametrize(
    ("where", "is_one"),
    [
        ("https://a.example/sitemap.xml", True),
        ("https://a.example/wp-sitemap.xml", True),
        ("https://a.example/sitemap_index.xml?x=1", True),
        ("https://a.example/maps/post-sitemap2.xml.gz", True),
        ("https://a.example/sitemap.txt", True),
        ("https://a.example/sitemap", False),
        ("https://a.example/sitemap.xml/page", False),
        ("/home/me/sitemap.xml", False),
    ],
)
def test_addresses_that_are_named_like_a_sitemap(where: str, is_one: bool) -> None:  # noqa: FBT001
    assert looks_like_sitemap(where) is is_one


@pytest.mark.parametrize(
    ("data", "error", "hint"),
    [
        (
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><urlset><url><loc>&e;</loc></url></urlset>',
            SitemapBroken,
            "entities",
        ),
        (b"<rss><channel/></rss>", SitemapBroken, "<rss>"),
        (gzip.compress(bytes(60_000_000)), TooLarge, "50 MB"),
        (gzip.compress(EMPTY.encode())[:-9], SitemapBroken, "damaged"),
        (b"\x1f\x8bnothing", SitemapBroken, "damaged"),
        (b"http://a.example/a\nhello", SitemapBroken, "line 2"),
        (b"\xfa\xfb\xfc", SitemapBroken, "no text"),
        (b"<a>" * 100_000, SitemapBroken, "not valid XML"),
    ],
)
def test_what_is_no_sitemap_says_why(data: bytes, error: type[Exception], hint: str) -> None:
    with pytest.raises(error, match=hint):
        read_file(data)


def test_entries_are_read_in_any_encoding_and_without_their_pictures() -> None:
    said = pages("http://a.example/ä", lastmod="2026-08-03").replace("UTF-8", "UTF-16").encode("utf-16")
    assert read_file(said).pages == (Listed("http://a.example/ä", datetime(2026, 8, 3, tzinfo=UTC)),)
