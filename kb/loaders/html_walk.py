"""One walk through an HTML element, which turns it into blocks and leaves out what is not content."""

import re
from dataclasses import replace

from lxml.etree import _Element

from kb.loaders.loaded import Block, table_rows, tidy

NEVER = {"script", "style", "noscript", "template", "svg", "iframe", "form", "button", "select", "input", "head", "nav"}
OUTSIDE = {"footer", "aside", "dialog"}
ROLES = {"navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog", "menu"}
CHROME = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|breadcrumbs?|share|sharing|social|comments?|sidebar|widget-area|promo-bar"
    r"|skip-link|screen-reader-text|newsletter|popup|modal|pagination|site-header|site-footer|menu)(?:$|[\s_-])",
    re.IGNORECASE,
)
INLINE = {
    *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label"),
    *("mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "img"),
}
DEEPEST = 200  # a page nested deeper than this is an attack, not a page


class Walk:
    """Collects words until a block ends, then keeps the block."""

    def __init__(self) -> None:
        """Start with nothing collected."""
        self._blocks: list[Block] = []
        self._words: list[str] = []
        self._kind: list[str] = []  # "item" for each list that we are in
        self._depth = 0
        self._anchor = ""  # of the last element that had one
        self._begun = ""  # the anchor when the words began

    def through(self, element: _Element) -> list[Block]:
        """The blocks of `element`, in order."""
        self._inside(element)
        self._end()
        return self._blocks

    def _end(self) -> None:
        text = tidy("".join(self._words))
        self._words = []
        if text:
            self._blocks.append(Block("item" if self._kind else "paragraph", text, anchor=self._begun))

    def _hear(self, words: str | None) -> None:
        if not words:
            return
        if not self._words or not "".join(self._words).strip():
            self._begun = self._anchor
        self._words.append(words)

    def _inside(self, element: _Element) -> None:
        self._hear(element.text)
        for child in element:
            if self._depth < DEEPEST and not _left_out(child):
                self._depth += 1
                self._take(child)
                self._depth -= 1
            self._hear(child.tail)

    def _take(self, element: _Element) -> None:
        tag = str(element.tag)
        self._anchor = anchor_of(element) or self._anchor
        if tag in INLINE:
            self._inside(element)
            return
        if tag == "br":
            self._words.append(" ")
            return
        self._end()
        if re.fullmatch("h[1-6]", tag):
            self._head(element, int(tag[1]))
        elif tag == "table" and not element.xpath(".//table"):
            self._table(element)
        else:
            self._listed(element, tag)
        self._end()

    def _head(self, element: _Element, level: int) -> None:
        inner = (anchor_of(one) for one in element.iterdescendants() if isinstance(one.tag, str))
        self._anchor = anchor_of(element) or next(filter(None, inner), self._anchor)
        if text := _text(element):
            self._blocks.append(Block("heading", text, level, anchor=self._anchor))

    def _listed(self, element: _Element, tag: str) -> None:
        if tag in {"li", "dd"}:
            self._kind.append("item")
        self._inside(element)
        self._end()
        if tag in {"li", "dd"}:
            self._kind.pop()

    def _table(self, table: _Element) -> None:
        if caption := table.find("caption"):
            self._blocks.append(Block("paragraph", _text(caption), anchor=self._anchor))
        grid = _grid(table)
        if len(grid) == 1 or max((len(row) for row in grid), default=0) == 1:  # a table for looks
            texts = (tidy(cell) for row in grid for cell in row)
            self._blocks += [Block("paragraph", text, anchor=self._anchor) for text in texts if text]
        else:
            named = bool(table.xpath("boolean(.//thead//th | .//tr[1][count(th) > 1])"))
            rows = table_rows(grid, headed=named or len(grid[0]) > 2)  # noqa: PLR2004
            self._blocks += [replace(row, anchor=self._anchor) for row in rows]


def anchor_of(element: _Element) -> str:
    """What `url#…` must say to lead to `element`: its id, or the name of an old <a name>; "" where it has neither."""
    name = element.get("id", "") or (element.get("name", "") if element.tag == "a" else "")
    return "" if re.search(r"\s", name) else name


def _grid(table: _Element) -> list[list[str]]:
    """Cells as text; one that spans columns or rows is repeated in each of them."""
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column → rows still to fill, text
    for line in table.iter("tr"):
        row: list[str] = []
        for cell in line.iterchildren("td", "th"):
            _fill(row, hanging)
            down, across = _span(cell, "rowspan"), _span(cell, "colspan")
            for _ in range(across):
                if down > 1:
                    hanging[len(row)] = (down - 1, _text(cell))
                row.append(_text(cell))
        _fill(row, hanging)
        grid.append(row)
    return grid


def _fill(row: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    while len(row) in hanging:
        left, text = hanging.pop(len(row))
        if left > 1:
            hanging[len(row)] = (left - 1, text)
        row.append(text)
        if left > 1 and len(row) - 1 in hanging and len(row) not in hanging:
            break


def _span(cell: _Element, name: str) -> int:
    value = cell.get(name, "1")
    return max(1, min(int(value), 50)) if value.isdigit() else 1


def _text(element: _Element) -> str:
    return tidy(" ".join(str(part) for part in element.itertext()))


def _left_out(element: _Element) -> bool:
    if not isinstance(element.tag, str) or element.tag in NEVER or element.tag in OUTSIDE:
        return True
    if element.get("hidden") is not None or element.get("aria-hidden") == "true" or element.get("role") in ROLES:
        return True
    return bool(CHROME.search(f"{element.get('class', '')} {element.get('id', '')}"))
