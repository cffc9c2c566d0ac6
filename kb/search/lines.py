"""A passage read line by line: each with the headings above it, cut into pieces that can stand alone."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from kb.sentences import sentences

HEADING = re.compile(r"^(#{1,6})\s+(.+)$")
ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}\.)\s+(?=\S)")
SHORTEST = 24  # characters; "No." alone answers nothing, so it is kept together with what follows
LONGEST_ITEM = 260

Kind = Literal["sentence", "item", "row"]


@dataclass(frozen=True)
class Line:
    """A line of a passage that is no heading. `number` counts all lines of the passage from 0."""

    text: str
    headings: tuple[str, ...]  # the path down to it, outermost first
    number: int


def lines(section: str, text: str) -> Iterator[Line]:
    """The lines of a passage in order. `section`: the headings above the whole passage, joined by " › "."""
    path: list[tuple[int, str]] = [(0, part) for part in section.split(" › ") if part]
    for number, line in enumerate(text.splitlines()):
        if heading := HEADING.match(line):
            level = len(heading.group(1))
            path = [(depth, text) for depth, text in path if depth < level and text != heading.group(2)]
            path.append((level, heading.group(2).strip()))
        elif line.strip():
            yield Line(line, tuple(heading for _, heading in path), number)


def pieces(line: str) -> Iterator[tuple[Kind, str]]:
    """What can stand alone in a line: a row of a table or an item of a list whole, prose sentence by sentence."""
    bare = ITEM.sub("", line).strip()
    if not bare:
        return
    if " | " in bare:
        yield "row", bare
    elif bare != line.strip() and len(bare) <= LONGEST_ITEM:
        yield "item", bare
    else:
        yield from (("sentence", text) for text in _whole(bare))


def placed(title: str, headings: tuple[str, ...], text: str) -> str:
    """A piece headed by its document's title and its own heading: what it says is often only clear so."""
    inner = [heading for heading in headings if heading != title]
    return f"{title} › {inner[-1]}: {text}" if inner else f"{title} › {text}"


def _whole(paragraph: str) -> Iterable[str]:
    """The paragraph's sentences, very short ones together with their successor, cut from it unchanged."""
    start: int | None = None
    found = sentences(paragraph)
    for number, sentence in enumerate(found):
        start = sentence.start if start is None else start
        if sentence.end - start >= SHORTEST or number == len(found) - 1:
            yield paragraph[start : sentence.end]
            start = None
