"""Tables that are drawn with ruled lines: which lines make a grid, and which words stand in its cells."""

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kb.loaders.pdf_page import Edge, Line, Ruled, Word, lines_of
from kb.loaders.pdf_text import joined

THIN = 2.0  # points: a rectangle no thicker than this is a ruled line
FURTHEST_ROW = 60.0  # points between two lines of one table
NEAR = 3.0  # points: ruled lines this close are one
MOST_EDGES = 1_500  # a drawing has more, and no cells


@dataclass(frozen=True)
class _Grid:
    xs: list[float]  # ascending
    ys: list[float]  # from the top down


def tables_of(words: Sequence[Word], edges: Iterable[Edge]) -> tuple[list[Ruled], list[Word]]:
    """The ruled tables of a page, and the words that stand in none."""
    tables: list[Ruled] = []
    rest = list(words)
    for bare in _grids(edges):
        grid = _with_open_rows(bare, rest)
        inside = [word for word in rest if _place(grid, word) is not None]
        table = _fill(grid, inside)
        if table is not None and len(table.rows) > 1:
            tables.append(table)
            taken = {word.at for word in inside}
            rest = [word for word in rest if word.at not in taken]
    return tables, rest


def _grids(edges: Iterable[Edge]) -> Iterator[_Grid]:
    """Grids of ruled lines that touch each other, with at least two columns."""
    distinct = sorted(set(edges), key=lambda one: (-one[3], one[0]))
    if len(distinct) > MOST_EDGES:
        return
    groups: list[list[Edge]] = []
    for edge in distinct:
        touching = [at for at, group in enumerate(groups) if any(_belong(edge, other) for other in group)]
        merged = [edge, *(other for at in touching for other in groups[at])]
        groups = [group for at, group in enumerate(groups) if at not in touching] + [merged]
    for group in groups:
        grid = _grid(group)
        if len(grid.xs) > 2 and grid.ys:  # noqa: PLR2004 - two columns have three lines
            yield grid


def _grid(edges: list[Edge]) -> _Grid:
    upright = [edge[0] for edge in edges if edge[2] - edge[0] <= THIN]
    level = [edge for edge in edges if edge[3] - edge[1] <= THIN]
    ys = _merged([edge[1] for edge in level])[::-1]
    if upright or not ys:
        return _Grid(_merged(upright), ys)
    # Lines between the rows only: a piece for each cell tells the columns, and the outer rows are open.
    return _Grid(_merged([x for edge in level for x in (edge[0], edge[2])]), ys)


def _with_open_rows(grid: _Grid, words: Sequence[Word]) -> _Grid:
    """The grid, and the rows above and below that have no line on their far side: words that fit its columns."""
    left, right = grid.xs[0] - NEAR, grid.xs[-1] + NEAR
    lines = lines_of([word for word in words if left <= word.x0 and word.x1 <= right])
    above = sorted((line for line in lines if line.y0 > grid.ys[0] - NEAR), key=lambda line: line.y0)
    below = sorted((line for line in lines if line.y1 < grid.ys[-1] + NEAR), key=lambda line: -line.y1)
    top = _reach(grid, [(line.y0 - grid.ys[0], line.y1 - grid.ys[0], line) for line in above])
    bottom = _reach(grid, [(grid.ys[-1] - line.y1, grid.ys[-1] - line.y0, line) for line in below])
    return _Grid(
        grid.xs,
        [*([grid.ys[0] + top] if top else []), *grid.ys, *([grid.ys[-1] - bottom] if bottom else [])],
    )


def _reach(grid: _Grid, lines: list[tuple[float, float, Line]]) -> float:
    """How far the open row goes, in points; 0 where there is none. `lines`: near and far side, and what it is."""
    reach, columns = 0.0, set[int]()
    for near, far, line in lines:
        crosses = any(line.x0 + NEAR < x < line.x1 - NEAR for x in grid.xs)
        room = line.size if reach == 0.0 else line.size / 2
        if crosses or near - reach > room or far > FURTHEST_ROW:
            break
        reach = max(reach, far)
        columns.add(bisect(grid.xs, (line.x0 + line.x1) / 2))
    return reach + 1.0 if len(columns) > 1 and 2 * len(columns) >= len(grid.xs) - 1 else 0.0


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


def _place(grid: _Grid, word: Word) -> tuple[int, int] | None:
    """Row and column of the cell in which the middle of `word` is."""
    column = bisect(grid.xs, (word.x0 + word.x1) / 2) - 1
    middle = (word.y0 + word.y1) / 2
    row = sum(middle < y for y in grid.ys) - 1
    inside = 0 <= column < len(grid.xs) - 1 and 0 <= row < len(grid.ys) - 1
    return (row, column) if inside else None


def _fill(grid: _Grid, words: Sequence[Word]) -> Ruled | None:
    cells: dict[tuple[int, int], list[Word]] = {}
    for word in words:
        place = _place(grid, word)
        if place is not None:
            cells.setdefault(place, []).append(word)
    if not cells:
        return None
    columns = len(grid.xs) - 1
    rows = [[_cell(cells.get((row, column), [])) for column in range(columns)] for row in range(len(grid.ys) - 1)]
    first = [word.bold for (row, _), inside in cells.items() if row == 0 for word in inside]
    rest = [word.bold for (row, _), inside in cells.items() if row > 0 for word in inside]
    return Ruled(grid.ys[0], grid.xs[0], grid.xs[-1], grid.ys[-1], rows, headed(first, rest, columns))


def _cell(words: list[Word]) -> str:
    return joined([line.text for line in sorted(lines_of(words), key=lambda line: -line.y1)])


def headed(first: list[bool], rest: list[bool], columns: int) -> bool:
    """Whether the first row names the columns: it alone is bold; where that tells nothing, from three columns on."""
    if not first or not rest or all(first) == all(rest):
        return columns > 2  # noqa: PLR2004
    return all(first)
