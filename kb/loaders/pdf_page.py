"""One PDF page as lines of text, and the tables that are drawn on it with ruled lines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from pdfminer.layout import LTChar, LTContainer, LTCurve, LTLine, LTPage, LTRect, LTTextLine

THIN = 2.0  # points: a rectangle no thicker than this is a ruled line
OPEN_ROW = 18.0  # points: the height of a row that nothing else tells
FURTHEST_ROW = 60.0  # points between two lines of one table
NEAR = 3.0  # points: ruled lines this close are one


Edge = tuple[float, float, float, float]  # x0, y0, x1, y1


@dataclass(frozen=True)
class Line:
    """A piece of text on one baseline. Coordinates in points from the lower left."""

    x0: float
    y0: float
    x1: float
    y1: float
    text: str
    size: float
    bold: bool


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


def read_page(page: LTPage, number: int) -> Page:
    """Lines and ruled tables of `page`; a letter that stands in a table is not in a line."""
    chars = list(_lines_of_chars(page))
    tables = [table for grid in _grids(page) if (table := _fill(grid, chars))]
    lines = [made for line in chars for made in _outside(line, tables)]
    return Page(number, page.width, page.height, lines, tables)


def _lines_of_chars(container: Iterable[object]) -> Iterator[list[LTChar]]:
    for item in container:
        if isinstance(item, LTTextLine):
            chars = [char for char in item if isinstance(char, LTChar)]
            if chars:
                yield chars
        elif isinstance(item, LTContainer):
            yield from _lines_of_chars(item)


def _outside(chars: list[LTChar], tables: list[Ruled]) -> Iterator[Line]:
    """The line, or its parts that stand outside of every table."""
    kept: list[LTChar] = []
    for char in chars:
        middle = ((char.x0 + char.x1) / 2, (char.y0 + char.y1) / 2)
        if any(one.x0 <= middle[0] <= one.x1 and one.y0 <= middle[1] <= one.y1 for one in tables):
            if kept:
                yield _line(kept)
            kept = []
        else:
            kept.append(char)
    if kept and any(not char.get_text().isspace() for char in kept):
        yield _line(kept)


def _line(chars: list[LTChar]) -> Line:
    shown = [char for char in chars if not char.get_text().isspace()] or chars
    bold = sum(map(_is_bold, shown))
    return Line(
        min(char.x0 for char in shown),
        min(char.y0 for char in shown),
        max(char.x1 for char in shown),
        max(char.y1 for char in shown),
        spaced(chars),
        round(median(char.size for char in shown), 1),
        bold > len(shown) / 2,
    )


def spaced(chars: list[LTChar]) -> str:
    """The letters in order, with a space wherever there is a gap."""
    text = ""
    right: float | None = None
    for char in chars:
        if right is not None and char.x0 - right > 0.15 * char.size and not text.endswith(" "):
            text += " "
        text += char.get_text()
        right = char.x1
    return text.strip()


@dataclass(frozen=True)
class _Grid:
    xs: list[float]
    ys: list[float]  # from the top down


def _grids(page: LTPage) -> Iterator[_Grid]:
    """Grids of ruled lines that touch each other, with at least two columns and two rows."""
    groups: list[list[Edge]] = []
    for edge in sorted(set(_edges(page)), key=lambda one: (-one[3], one[0])):
        touching = [at for at, group in enumerate(groups) if any(_belong(edge, other) for other in group)]
        joined = [edge, *(other for at in touching for other in groups[at])]
        groups = [group for at, group in enumerate(groups) if at not in touching] + [joined]
    for group in groups:
        grid = _grid(group)
        if len(grid.xs) > 2 and len(grid.ys) > 2:  # noqa: PLR2004 - two columns have three lines
            yield grid


def _grid(edges: list[Edge]) -> _Grid:
    upright = [edge[0] for edge in edges if edge[2] - edge[0] <= THIN]
    level = [edge for edge in edges if edge[3] - edge[1] <= THIN]
    ys = _merged([edge[1] for edge in level])[::-1]
    if upright or not ys:
        return _Grid(_merged(upright), ys)
    # Lines between the rows only: a piece for each cell tells the columns, and the outer rows are open.
    xs = _merged([x for edge in level for x in (edge[0], edge[2])])
    height = median([one - other for one, other in pairwise(ys)] or [OPEN_ROW])
    return _Grid(xs, [ys[0] + height, *ys, ys[-1] - height])


def _edges(container: Iterable[object]) -> Iterator[Edge]:
    for item in container:
        if isinstance(item, LTRect) and min(item.width, item.height) > THIN:
            x0, y0, x1, y1 = item.bbox
            yield from ((x0, y0, x0, y1), (x1, y0, x1, y1), (x0, y0, x1, y0), (x0, y1, x1, y1))
        elif isinstance(item, LTLine | LTRect | LTCurve):
            if min(item.width, item.height) <= THIN < max(item.width, item.height):
                yield item.bbox
        elif isinstance(item, LTContainer) and not isinstance(item, LTTextLine):
            yield from _edges(item)


def _belong(one: Edge, other: Edge) -> bool:
    """True for edges that touch, and for level ones that lie under each other as the lines between rows do."""
    across = one[0] - NEAR <= other[2] and other[0] - NEAR <= one[2]
    if across and one[1] - NEAR <= other[3] and other[1] - NEAR <= one[3]:
        return True
    same_columns = abs(one[0] - other[0]) <= NEAR and abs(one[2] - other[2]) <= NEAR
    both_level = one[3] - one[1] <= THIN and other[3] - other[1] <= THIN
    return same_columns and both_level and abs(one[1] - other[1]) <= FURTHEST_ROW


def _merged(values: list[float]) -> list[float]:
    kept: list[float] = []
    for value in sorted(values):
        if not kept or value - kept[-1] > NEAR:
            kept.append(value)
    return kept


def _fill(grid: _Grid, lines: list[list[LTChar]]) -> Ruled | None:
    cells: dict[tuple[int, int], list[list[LTChar]]] = {}
    for line in lines:
        parts: dict[tuple[int, int], list[LTChar]] = {}
        for char in line:
            column = sum((char.x0 + char.x1) / 2 > x for x in grid.xs) - 1
            row = sum((char.y0 + char.y1) / 2 < y for y in grid.ys) - 1
            if 0 <= column < len(grid.xs) - 1 and 0 <= row < len(grid.ys) - 1:
                parts.setdefault((row, column), []).append(char)
        for place, chars in parts.items():
            cells.setdefault(place, []).append(chars)
    if not cells:
        return None
    rows = [
        [_cell(cells.get((row, column), [])) for column in range(len(grid.xs) - 1)] for row in range(len(grid.ys) - 1)
    ]
    weights = {place: [_is_bold(char) for chars in parts for char in chars] for place, parts in cells.items()}
    first = [bold for (row, _), bolds in weights.items() if row == 0 for bold in bolds]
    rest = [bold for (row, _), bolds in weights.items() if row > 0 for bold in bolds]
    return Ruled(grid.ys[0], grid.xs[0], grid.xs[-1], grid.ys[-1], rows, headed(first, rest, len(grid.xs) - 1))


def headed(first: list[bool], rest: list[bool], columns: int) -> bool:
    """Whether the first row names the columns: it alone is bold; where that tells nothing, from three columns on."""
    if not first or not rest or all(first) == all(rest):
        return columns > 2  # noqa: PLR2004
    return all(first)


def _is_bold(char: LTChar) -> bool:
    return any(mark in char.fontname.lower() for mark in ("bold", "black", "heavy"))


def _cell(parts: list[list[LTChar]]) -> str:
    ordered = sorted(parts, key=lambda chars: (-round(chars[0].y0), chars[0].x0))
    return " ".join(filter(None, (spaced(chars) for chars in ordered)))
