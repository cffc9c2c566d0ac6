"""One walk through the content of a page, which turns it into blocks."""

import re
from dataclasses import replace

from lxml.etree import _Element

from kb.loaders.html_chrome import HEADINGS, INLINE
from kb.loaders.html_tables import flat, table_blocks
from kb.loaders.loaded import Block, tidy

DEEPEST = 200  # a page nested deeper than this is an attack, not a page
LEAST_WORDS = 4  # of a picture's text that tells something
FILE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif)\b|^[\w-]*\d[\w-]*$", re.IGNORECASE)
LINES = re.compile(r"[^\S\n]+")
BREAK = "\u2028"  # where a line is broken on purpose; a line's end in the page's source means nothing
GOES_ON = (",", "،", "、")  # a sentence after these, and before a small letter, was broken for looks


class Walk:
    """Collects words until a block ends, then keeps the block."""

    def __init__(self) -> None:
        """Start with nothing collected."""
        self._blocks: list[Block] = []
        self._words: list[str] = []
        self._items = 0  # how many lists we are in
        self._depth = 0
        self._anchor = ""  # of the last element that had one
        self._begun = ""  # the anchor when the words began

    def through(self, element: _Element) -> list[Block]:
        """The blocks of `element`, in order."""
        self._anchor = anchor_of(element)
        self._inside(element)
        self._end()
        return self._blocks

    def _end(self) -> None:
        text = "\n".join(_lines("".join(self._words)))
        self._words = []
        if text:
            kind, level = ("item", self._items - 1) if self._items else ("paragraph", 0)
            self._blocks.append(Block(kind, text, level, anchor=self._begun))  # type: ignore[arg-type]

    def _hear(self, words: str | None) -> None:
        if words and (self._words or words.strip()):
            self._begun = self._begun if self._words else self._anchor
            self._words.append(words)

    def _inside(self, element: _Element) -> None:
        self._hear(element.text)
        for child in element:
            if self._depth < DEEPEST:
                self._depth += 1
                self._take(child)
                self._depth -= 1
            else:
                self._hear(" " + flat(child) + " ")
            self._hear(child.tail)

    def _take(self, element: _Element) -> None:
        tag = str(element.tag)
        self._anchor = anchor_of(element) or self._anchor
        if tag == "img":
            self._picture(element)
        elif tag in INLINE:
            self._inside(element)
        elif tag == "br":
            self._hear(BREAK)
        else:
            self._end()
            self._block(element, tag)
            self._end()

    def _block(self, element: _Element, tag: str) -> None:
        if tag in HEADINGS:
            self._head(element, int(tag[1]))
        elif tag == "table" and not element.xpath(".//table"):
            self._blocks += table_blocks(element, self._anchor)
        elif tag == "pre":
            self._code(element)
        elif tag in {"li", "dd"}:
            self._items += 1
            self._answer(element, ": ") if tag == "dd" else self._inside(element)
            self._end()
            self._items -= 1
        elif tag == "details":
            self._answer(element, " ")
        else:
            self._inside(element)

    def _head(self, element: _Element, level: int) -> None:
        inner = (anchor_of(one) for one in element.iterdescendants() if isinstance(one.tag, str))
        self._anchor = anchor_of(element) or next(filter(None, inner), self._anchor)
        if text := flat(element):
            self._blocks.append(Block("heading", text, level, anchor=self._anchor))

    def _answer(self, element: _Element, between: str) -> None:
        """What explains a term, or answers what <summary> asks: its first words go with that, so nothing parts them."""
        asked = len(self._blocks) - 1
        summary = element.find("summary")
        if summary is not None:
            self._anchor = anchor_of(summary) or self._anchor
            if text := flat(summary):
                self._blocks.append(Block("paragraph", text, anchor=self._anchor))
                asked = len(self._blocks) - 1
            element.remove(summary)
        self._inside(element)
        self._end()
        before = element.getprevious()
        if summary is None and (before is None or before.tag != "dt"):
            return
        if 0 <= asked < len(self._blocks) - 1 and self._blocks[asked + 1].kind in {"paragraph", "item"}:
            question, answer = self._blocks[asked : asked + 2]
            kind = "item" if between == ": " else "paragraph"
            joined = replace(question, kind=kind, text=f"{question.text.rstrip(':')}{between}{answer.text}")  # type: ignore[arg-type]
            self._blocks[asked : asked + 2] = [joined]

    def _code(self, element: _Element) -> None:
        lines = (LINES.sub(" ", line).rstrip() for line in "".join(map(str, element.itertext())).split("\n"))
        if text := "\n".join(line for line in lines if line):
            self._blocks.append(Block("paragraph", text, anchor=self._anchor))

    def _picture(self, element: _Element) -> None:
        """What stands for a picture, where it tells something; an emoji is a word like any other."""
        told = tidy(element.get("alt", ""))
        if {"emoji", "wp-smiley"} & set((element.get("class") or "").split()):
            self._hear(told)
        elif len(told.split()) >= LEAST_WORDS and not FILE_NAME.search(told) and not "".join(self._words).strip():
            self._end()
            self._hear(told)
            self._end()


def _lines(text: str) -> list[str]:
    """The lines of an address, or of a list that is made of breaks alone."""
    lines: list[str] = []
    for line in filter(None, map(tidy, text.split(BREAK))):
        if lines and (lines[-1].endswith(GOES_ON) or line[0].islower()):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return lines


def anchor_of(element: _Element) -> str:
    """What `url#…` must say to lead to `element`: its id, or the name of an old <a name>; "" where it has neither."""
    name = element.get("id", "") or (element.get("name", "") if element.tag == "a" else "")
    return "" if re.search(r"\s", name) else name
