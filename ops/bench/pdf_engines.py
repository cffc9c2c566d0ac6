"""The PDF readers that are measured against each other; whoever gives words and lines gets the same layout code."""

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2

from kb.loaders.loaded import Block, Loaded
from kb.loaders.pdf import load_pdf
from kb.loaders.pdf_blocks import blocks_of
from kb.loaders.pdf_grid import THIN, tables_of
from kb.loaders.pdf_page import Edge, Page, Word, lines_of


@dataclass(frozen=True)
class Engine:
    """One way to read a PDF; `read` imports what it needs when it is called."""

    name: str
    read: Callable[[bytes], Loaded]


def _bold(font: str) -> bool:
    return any(mark in font.lower() for mark in ("bold", "black", "heavy"))


def _page(number: int, size: tuple[float, float], words: list[Word], edges: Iterable[Edge]) -> Page:
    tables, rest = tables_of(words, edges)
    return Page(number, *size, lines_of(rest), tables)


def _loaded(pages: list[Page]) -> Loaded:
    return Loaded("", tuple(blocks_of(pages)))


def by_pdfminer(data: bytes) -> Loaded:
    """Words out of pdfminer.six's letters, and our layout."""
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LAParams

    margins = LAParams(char_margin=1.2, line_margin=0.4, boxes_flow=None)
    pages = []
    for number, page in enumerate(extract_pages(io.BytesIO(data), laparams=margins), start=1):
        words = [word for line in _lines(page) for word in _words(line)]
        numbered = [Word(w.x0, w.y0, w.x1, w.y1, w.text, w.size, w.bold, at) for at, w in enumerate(words)]
        pages.append(_page(number, (page.width, page.height), numbered, _edges(page)))
    return _loaded(pages)


def _lines(container: Iterable[Any]) -> Iterator[Any]:
    from pdfminer.layout import LTContainer, LTTextLine

    for item in container:
        if isinstance(item, LTTextLine):
            yield item
        elif isinstance(item, LTContainer):
            yield from _lines(item)


def _words(line: Iterable[Any]) -> Iterator[Word]:
    from pdfminer.layout import LTChar

    kept: list[Any] = []
    for char in [*line, None]:
        if isinstance(char, LTChar) and not char.get_text().isspace():
            kept.append(char)
        elif kept:
            box = (min(c.x0 for c in kept), min(c.y0 for c in kept), max(c.x1 for c in kept), max(c.y1 for c in kept))
            text = "".join(c.get_text() for c in kept)
            yield Word(*box, text, round(kept[0].size, 1), _bold(kept[0].fontname), 0)
            kept = []


def _edges(container: Iterable[Any]) -> Iterator[Edge]:
    from pdfminer.layout import LTContainer, LTCurve, LTRect, LTTextLine

    for item in container:
        if isinstance(item, LTRect) and min(item.width, item.height) > THIN:
            yield from _sides(*item.bbox)
        elif isinstance(item, LTCurve):  # the parent of lines and rectangles
            if min(item.width, item.height) <= THIN < max(item.width, item.height):
                yield item.bbox
        elif isinstance(item, LTContainer) and not isinstance(item, LTTextLine):
            yield from _edges(item)


def _sides(x0: float, y0: float, x1: float, y1: float) -> Iterator[Edge]:
    yield from ((x0, y0, x0, y1), (x1, y0, x1, y1), (x0, y0, x1, y0), (x0, y1, x1, y1))


def by_pdfplumber(data: bytes) -> Loaded:
    """Pdfplumber's words and lines, and our layout."""
    import pdfplumber

    pages = []
    with pdfplumber.open(io.BytesIO(data)) as document:
        for number, page in enumerate(document.pages, start=1):
            high = float(page.height)
            words = [
                Word(
                    w["x0"], high - w["bottom"], w["x1"], high - w["top"], w["text"], round(w["size"], 1),
                    _bold(w["fontname"]), at,
                )
                for at, w in enumerate(page.extract_words(extra_attrs=["size", "fontname"], use_text_flow=True))
            ]  # fmt: skip
            edges = [(e["x0"], high - e["bottom"], e["x1"], high - e["top"]) for e in page.edges]
            pages.append(_page(number, (float(page.width), high), words, edges))
    return _loaded(pages)


def by_pypdf(data: bytes) -> Loaded:
    """Pypdf's plain text: it has no places of words."""
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(data)).pages
    texts = [(number, page.extract_text()) for number, page in enumerate(pages, start=1)]
    return Loaded("", tuple(Block("paragraph", line, page=at) for at, text in texts for line in text.splitlines()))


def by_pdfium_text(data: bytes) -> Loaded:
    """PDFium's plain text, without our layout."""
    document = pypdfium2.PdfDocument(data)
    texts = [(at, page.get_textpage().get_text_range()) for at, page in enumerate(document, start=1)]
    return Loaded("", tuple(Block("paragraph", line, page=at) for at, text in texts for line in text.splitlines()))


ENGINES: tuple[Engine, ...] = (
    Engine("pypdfium2 + our layout", load_pdf),
    Engine("pdfminer.six + our layout", by_pdfminer),
    Engine("pdfplumber + our layout", by_pdfplumber),
    Engine("pypdf, plain text", by_pypdf),
    Engine("pypdfium2, plain text", by_pdfium_text),
)
"""The first is the one that Handrail uses. To add one: write its function above, add it here."""
