"""How many of the demo's sentences and table rows a real browser finds by their deep links, and highlights exactly.

`python -m ops.bench.links [every nth]` follows each link in Chromium and looks at the picture: right is a highlight
that lies within what is quoted, wrong is one that does not, missed is none.
"""

import io
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import uvicorn
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from kb.chunks.chunker import chunk
from kb.citing.pointer import Quotable, point, spans
from kb.loaders import load
from ops.demo import content
from ops.demo.app import show

CHROMIUM = "/usr/bin/chromium"
TARGET = (1, 2, 3)
TARGET_STYLE = "::target-text { background: rgb(1, 2, 3); color: rgb(1, 2, 3) }"  # for pages that `marked` looks at
SHOWN = {".html", ".md", ".txt"}  # what the demo shows as a web page
# Finds words on the page whatever white space lies between them, as [left, top, right, bottom] in the window.
FIND = """said => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const places = [];
  let text = "";
  for (let node; (node = walk.nextNode());) {
    if (node.parentElement.closest("script, style")) continue;
    for (let at = 0; at < node.data.length; at++) {
      if (/[\\s\\u00ad]/.test(node.data[at])) continue;
      text += node.data[at];
      places.push([node, at]);
    }
  }
  const boxes = [];
  for (let at = text.indexOf(said); at >= 0; at = text.indexOf(said, at + 1)) {
    const range = document.createRange();
    const [last, end] = places[at + said.length - 1];
    range.setStart(...places[at]);
    range.setEnd(last, end + 1);
    const { left, top, right, bottom } = range.getBoundingClientRect();
    boxes.push([left, top, right, bottom]);
  }
  return boxes;
}"""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Link:
    """A quote, and what leads to it on a page of the demo."""

    name: str
    quote: str
    link: str

    @property
    def shown(self) -> tuple[str, ...]:
        """What a page may show for the quote, without white space: of a row the cells, maybe without the first."""
        cells = [cell.partition(": ")[2] or cell for cell in self.quote.split(" | ")]
        one = self.quote, self.quote.replace(": ", "", 1)
        ways = ("".join(cells), "".join(cells[1:])) if len(cells) > 1 else one
        return tuple(re.sub(r"[\s\u00ad]", "", way) for way in ways)


def links(base: str) -> Iterator[Link]:
    """A link to everything that can be quoted from the demo's web pages, served at `base`."""
    for url, (file, _) in content.pages().items():
        if file.suffix not in SHOWN:
            continue
        for passage in chunk(load(file.read_bytes(), file.name).blocks):
            quotable = Quotable(passage.text, base + url, passage.page, passage.start, passage.places)
            for start, end in chain.from_iterable(spans(passage.text)):
                found = point(quotable, passage.text[start:end])
                yield Link(file.name, found.quote, found.link)


@contextmanager
def served() -> Iterator[str]:
    """The demo's pages, with highlights in a colour of their own; the base of their addresses."""
    pages = {url: _coloured(*found) for url, found in content.pages().items() if found[0].suffix in SHOWN}

    def page(request: Request) -> HTMLResponse:
        return HTMLResponse(pages.get(request.url.path, ""))

    config = uvicorn.Config(
        Starlette(routes=[Route("/{path:path}", page)]), port=0, log_level="critical", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = server.force_exit = True
    thread.join(5)


def _coloured(file: Path, title: str) -> bytes:
    body = file.read_bytes() if file.suffix == ".html" else bytes(show(file, title).body)
    return body + f"<style>{TARGET_STYLE}</style>".encode()


def follow(page: Page, link: Link) -> str:
    """Open it as somebody would who clicks on it: right, wrong or missed."""
    page.goto(link.link)
    boxes = [box for way in link.shown for box in page.evaluate(FIND, way)]
    shares = [marked(page, box) for box in boxes]
    return "wrong" if not shares else "right" if max(shares) == 1 else "missed" if max(shares) < 0 else "wrong"


def marked(page: Page, box: Box) -> float:
    """Which share of the highlighted pixels in the window lies within `box`; -1 where nothing is highlighted.

    A script can't ask what a text fragment has found, so this looks at the picture. The page has TARGET_STYLE.
    """
    left, top, right, bottom = box
    for _ in range(20):
        picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        rows, columns = np.nonzero((picture == TARGET).all(axis=2))
        if len(rows):
            across = (columns >= left - 2) & (columns <= right + 2)
            return float((across & (rows >= top - 2) & (rows <= bottom + 2)).mean())
        time.sleep(0.05)
    return -1.0


def main(every: int = 1) -> None:
    """Follow every nth link, print those that were not right, and count."""
    counted: Counter[str] = Counter()
    lengths: list[int] = []
    with served() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for link in list(links(base))[::every]:
            page = browser.new_page(viewport={"width": 1000, "height": 700})
            found = follow(page, link)
            page.close()
            counted[found] += 1
            lengths.append(len(link.link) - len(base))
            if found != "right":
                sys.stdout.write(f"{found:7} {link.name}: {link.quote[:100]}\n        {link.link}\n")
        browser.close()
    total = counted.total()
    sys.stdout.write(
        f"{total} links: {counted['right']} right ({counted['right'] / total:.1%}), {counted['wrong']} wrong, "
        f"{counted['missed']} missed; {sum(lengths) / total:.0f} characters each, {max(lengths)} at most\n"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
