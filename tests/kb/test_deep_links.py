"""Deep links in a real Chromium: it scrolls to what is cited, and highlights that and nothing else."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from kb.chunks.chunker import chunk
from kb.citing.pointer import Quotable, point
from kb.loaders import load
from ops.bench.links import TARGET_STYLE, Link, follow, links, served
from tests.browser import chromium

__all__ = ["chromium"]
pytestmark = pytest.mark.browser

SPACER = "<div style='height:1500px'></div>"
HARD = f"""<!doctype html><html><head><meta charset="utf-8"><style>{TARGET_STYLE}</style></head><body><main>{SPACER}
<h2 id="address">Where we are</h2>
<p>Fjordlight Outfitters, open all week,<br>12 Harbour Street, second floor,<br>Bergen, behind the old church.</p>
<p>Monday: 9 to 17<br>Tuesday: 10 to 18<br>Sunday: the shop stays closed</p>
<h2 id="prices">Prices</h2><table><tr><th>Country</th><th>Way</th><th>Price</th></tr>
<tr><td rowspan="2">Norway</td><td>Standard</td><td>9.90 EUR</td></tr><tr><td>Express</td><td>19.90 EUR</td></tr>
<tr><td>Iceland</td><td>Standard</td><td>9.90 EUR</td></tr></table>
<table><tr><th>Size</th><th>Fits</th></tr><tr><td>Boots</td><td>41 - 43, well-worn, wide &amp; high</td></tr></table>
<p>返品は、お届けから六十日以内に限ります。送料は、当店が負担します。未開封の食品は、お受けできません。</p>
<p dir="rtl">يمكنك إرجاع المنتجات غير المستخدمة خلال 60 يومًا من تاريخ التسليم مع جميع الملصقات الأصلية. الشحن مجاني.</p>
<ul><li>Boots</li><li>Tents</li></ul><p>Soft hy&shy;phens and <b>bo</b>ld letters inside words change nothing.</p>
<pre>Text that was set by hand breaks its lines
where it likes, and indents
    what follows; it is found.</pre>{SPACER}</main></body></html>"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1000, "height": 700})
    yield context.new_page()
    context.close()


def test_a_link_to_any_part_of_the_demo_s_pages_leads_there(chromium: Browser) -> None:
    """A fixed sample, with rows and sentences of every page; `python -m ops.bench.links` follows all of them."""
    with served() as base:
        found = list(links(base))
        rows = [link for link in found if " | " in link.quote][7::25]
        others = [link for link in found if " | " not in link.quote][11::60]
        assert len(rows) >= 4
        assert len(others) >= 8
        for link in rows + others:
            page = chromium.new_page(viewport={"width": 1000, "height": 700})
            assert follow(page, link) == "right", link
            page.close()


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        (
            "Fjordlight Outfitters is in Bergen, 12 Harbour Street.",
            "Fjordlight Outfitters, open all week, 12 Harbour Street, second floor, Bergen, behind the old church.",
        ),
        ("Tuesday: 10 to 18", "Tuesday: 10 to 18"),
        ("The shop stays closed on Sunday.", "Sunday: the shop stays closed"),
        ("Express to Norway is 19.90 EUR.", "Country: Norway | Way: Express | Price: 19.90 EUR"),
        ("Iceland is 9.90 EUR.", "Country: Iceland | Way: Standard | Price: 9.90 EUR"),
        ("Boots fit 41 to 43.", "Size: Boots | Fits: 41 - 43, well-worn, wide & high"),
        ("送料は当店の負担です。", "送料は、当店が負担します。"),
        ("未開封の食品は駄目です。", "未開封の食品は、お受けできません。"),
        ("خلال 60 يومًا", "يمكنك إرجاع المنتجات غير المستخدمة خلال 60 يومًا من تاريخ التسليم مع جميع الملصقات الأصلية."),
        ("الشحن مجاني", "الشحن مجاني."),
        ("Tents", "Tents"),
        ("Soft hyphens change nothing.", "Soft hyphens and bold letters inside words change nothing."),
        ("Text set by hand breaks its lines.", "Text that was set by hand breaks its lines"),
    ],
)
def test_breaks_spans_scripts_and_marks_do_no_harm(page: Page, claim: str, quote: str) -> None:
    address = "http://shop.example/returns"
    page.route(address, lambda route: route.fulfill(body=HARD, content_type="text/html; charset=utf-8"))
    [passage] = chunk(load(HARD.encode(), "a.html").blocks)
    found = point(Quotable(passage.text, address, None, passage.start, passage.places), claim)
    assert found.quote == quote
    assert follow(page, Link("a.html", found.quote, found.link)) == "right", found.link
    assert page.evaluate("scrollY") > 500


def test_where_the_words_have_changed_the_anchor_still_leads_near(page: Page) -> None:
    address = "http://shop.example/returns"
    page.route(address, lambda route: route.fulfill(body=HARD, content_type="text/html; charset=utf-8"))
    page.goto(f"{address}#prices:~:text=What%20was%20here%20once")
    page.wait_for_function("Math.abs(document.querySelector('#prices').getBoundingClientRect().top) < 5")
