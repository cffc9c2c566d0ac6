"""One PDF page as lines of text and ruled tables, put together from words and edges that any engine may have read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from kb.loaders.pdf_text import RTL, is_rtl

Edge = tuple[float, float, float, float]  # x0, y0, x1, y1 of a ruled line, in points from the lower left
GAP = 0.75  # of the type's size: a wider gap may be one between cells or columns
OVERLAP = 0.5  # of the lower one's height: words that share so much stand on one line


class Word(NamedTuple):
    """Letters without a space between them. Coordinates in points from the lower left, sizes in points."""

    x0: float
    y0: float
    x1: float
    y1: float
    text: str
    size: float
    bold: bool
    at: int  # its place in the order in which the file has it


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of text on one baseline. Coordinates in points from the lower left."""

    x0: float
    y0: float
    x1: float
    y1: float
    text: str
    size: float
    bold: bool
    rtl: bool = False


@dataclass(frozen=True)
class Ruled:
    """A table drawn with lines: its cells as text, row by row."""

    y1: float
    x0: float
    x1: float
    y0: float
    rows: list[list[str]]
    headed: bool  # the first row names the columns


@dataclass(frozen=True)
class Page:
    """What stands on a page, from top to bottom as far as the order is known."""

    number: int
    width: float
    height: float
    lines: list[Line] = field(default_factory=list)
    tables: list[Ruled] = field(default_factory=list)


def lines_of(words: Iterable[Word]) -> list[Line]:
    """Neighbouring words of one baseline as pieces of lines; a wide gap parts them."""
    lines: list[Line] = []
    piece: list[Word] = []
    for word in _by_place(list(words)):
        if piece and not (same_line(piece[0], word) and _near(piece[-1], word)):
            lines.append(line_of(piece))
            piece = []
        piece.append(word)
    if piece:
        lines.append(line_of(piece))
    return lines


def _any_rtl(words: Sequence[Word]) -> bool:
    return any(not word.text.isascii() and RTL.search(word.text) for word in words)


def _by_place(words: list[Word]) -> list[Word]:
    """The words as the file has them; where some run from right to left, along their lines instead."""
    if not _any_rtl(words):
        return words
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda one: -one.y1):
        row = next((row for row in rows[-3:] if same_line(row[0], word)), None)
        if row is None:
            rows.append([word])
        else:
            row.append(word)
    return [word for row in rows for word in sorted(row, key=lambda one: one.x0)]


def same_line(one: Word | Line, other: Word | Line) -> bool:
    """Whether they stand on one line: small raised letters do, the lines above and below don't."""
    shared = min(one.y1, other.y1) - max(one.y0, other.y0)
    return shared > OVERLAP * min(one.y1 - one.y0, other.y1 - other.y0)


def _near(last: Word, word: Word) -> bool:
    size = max(last.size, word.size)
    gap = max(word.x0 - last.x1, last.x0 - word.x1)  # either may be the left one
    return -size < gap < GAP * size


def line_of(words: Sequence[Word]) -> Line:
    """The words of one line, in the order in which they are read."""
    sizes: dict[float, int] = {}
    bold = letters = 0
    for word in words:
        length = len(word.text)
        sizes[word.size] = sizes.get(word.size, 0) + length
        letters += length
        bold += length * word.bold
    text = " ".join(word.text for word in in_order(words))
    return Line(
        min(word.x0 for word in words),
        min(word.y0 for word in words),
        max(word.x1 for word in words),
        max(word.y1 for word in words),
        text,
        max(sizes, key=sizes.__getitem__),
        2 * bold > letters,
        is_rtl(text),
    )


def in_order(words: Sequence[Word]) -> list[Word]:
    """The words of one line as they are read: each run of one direction in that, and the runs in most letters'."""
    ordered = sorted(words, key=lambda word: word.x0)
    if not _any_rtl(words):
        return ordered
    backwards = is_rtl(" ".join(word.text for word in words))
    if backwards:
        ordered.reverse()
    runs = (list(run) for _, run in groupby(ordered, key=lambda word: bool(RTL.search(word.text)) == backwards))
    along = bool(RTL.search(ordered[0].text)) == backwards
    read: list[Word] = []
    for run in runs:
        read += run if along else _forwards(run)
        along = not along
    return read


def _forwards(run: list[Word]) -> list[Word]:
    """A run against the line's direction. Both "9.90 EUR" and "EUR 9.90" look the same in Hebrew: the file decides."""
    if len(run) > 1 and run[0].text[:1].isdigit() and run[0].at < min(word.at for word in run[1:]):
        return [run[0], *run[:0:-1]]
    return run[::-1]
