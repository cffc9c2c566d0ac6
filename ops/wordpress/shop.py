"""The demo shop as a WordPress site has it: texts are pages, PDF and Word documents lie in the media library.

What staff alone may read, and what is archived, is no part of a public site.
"""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, cast

from lxml import html
from markdown_it import MarkdownIt

from kb.loaders import load
from kb.sources.source import Source, find_sources
from ops.demo import content
from ops.wordpress.site import PASSWORD, Site

FILL = Path(__file__).with_name("fill.php")
FRONT = Path(__file__).with_name("front.html")
PAGES, FILES = {".html", ".md", ".txt"}, {".pdf", ".docx"}
GEAR = ("product/", "Gear", "<p>Tents, boots, packs, stoves and lamps, each on a page of its own.</p>")
MENU = (
    *(("Gear", "/product/"), ("Returns", "/returns/"), ("Shipping", "/shipping/"), ("Repairs", "/repairs/")),
    *(("Our shops", "/shops/"), ("Questions", "/faq/"), ("Contact", "/contact/")),
)


@dataclass(frozen=True)
class Filled:
    """How many pages and files a site was given, which is what its plugin has to tell of."""

    pages: int
    files: int


def fill(site: Site) -> Filled:
    """Give `site` the demo shop's pages, media, customers and menu, unless it has them. Raises WordPressRefused."""
    described = site.home / "shop.json"
    described.write_text(json.dumps(describe(), ensure_ascii=False), encoding="utf-8")
    counted = json.loads(site.wp("eval-file", str(FILL), str(described), "--user=admin").rpartition("\n")[2])
    return Filled(counted["pages"], counted["files"])


def describe() -> dict[str, Any]:
    """All that `fill.php` needs to know."""
    sources = [one for one in find_sources(str(content.DOCUMENTS)).sources if _public(one)]
    people = [{"email": one.email, "name": one.name, "password": PASSWORD} for one in content.customers()]
    return {
        "name": content.NAME,
        "tagline": "Gear for low light and high ground",
        "front": FRONT.read_text(encoding="utf-8"),
        "pages": [{"path": GEAR[0], "title": GEAR[1], "content": GEAR[2], "date": "2026-01-05"}]
        + [_page(one) for one in sources if Path(one.locator).suffix in PAGES],
        "files": [
            {"file": one.locator, "title": one.title, "path": one.url}
            for one in sources
            if Path(one.locator).suffix in FILES
        ],
        "people": people,
        "menu": MENU,
        "privacy": "privacy",
    }


def as_content(file: Path) -> str:
    """What an author would have put into the editor: the document without its frame and without its title."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        text = str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))
        text = text[text.index("</h1>") + len("</h1>") :]
    elif file.suffix == ".txt":
        text = _typed(file.name, text.encode())
    else:
        text = _article(text)
    return f"<!-- wp:html -->\n{text.strip()}\n<!-- /wp:html -->"


def _public(source: Source) -> bool:
    return bool(source.url) and not source.archived and bool({"web", "*"} & set(source.channels))


def _page(source: Source) -> dict[str, str]:
    assert source.updated_at is not None  # each is dated in index.yaml
    file = Path(source.locator)
    date = source.updated_at.date().isoformat()
    return {"path": source.url.strip("/"), "title": source.title, "content": as_content(file), "date": date}


def _article(text: str) -> str:
    [body] = cast("list[html.HtmlElement]", html.fromstring(text).xpath("//div[@class='entry-content']"))
    for title in body.xpath(".//h1"):
        title.drop_tree()
    return "".join(html.tostring(child, encoding="unicode") for child in body)


def _typed(name: str, data: bytes) -> str:
    """Plain text as an author would have typed it into the editor: its headings, lines and lists, without its title."""
    _, *blocks = load(data, name, "text/plain").blocks
    tags = {"heading": "h2", "item": "li"}
    lines = [(tags.get(block.kind, "p"), escape(block.text, quote=False)) for block in blocks]
    made = "\n".join(f"<{tag}>{text}</{tag}>" for tag, text in lines)
    return re.sub(r"(?:<li>.*</li>\n?)+", lambda found: f"<ul>{found[0].rstrip()}</ul>\n", made)
