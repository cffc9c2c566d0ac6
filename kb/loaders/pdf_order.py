"""In which order a page is read: columns after each other, tables and full-width lines between them."""

from collections.abc import Iterable, Iterator

from kb.loaders.pdf_page import Line, Page, Ruled, same_line

Item = Line | Ruled | list[list[Line]]  # the last is a table without ruled lines: rows of cells

FEWEST = 4  # lines on each side before a gap is taken for one between columns
CELL_WORDS = 6  # mean words of a cell: columns of prose have more
SAME_LINE = 3.0  # points between baselines
ALIGNED = 4.0  # points between the left edges of a column's cells


def reading_order(page: Page) -> Iterator[Item]:
    """Lines and tables of `page`, from the first to the last to be read."""
    boxes: list[Line | Ruled] = [*page.lines, *page.tables]
    for region in _regions(boxes):
        yield from _region(region)


def _regions(boxes: list[Line | Ruled]) -> list[list[Line | Ruled]]:
    """The page cut into stretches that are read one after the other."""
    gutter = _gutter(boxes)
    if gutter is None:
        return [boxes]
    wide = sorted((box for box in boxes if box.x0 < gutter < box.x1), key=lambda box: -box.y1)
    regions: list[list[Line | Ruled]] = []
    rest = [box for box in boxes if not box.x0 < gutter < box.x1]
    for box in [*wide, None]:
        above = [one for one in rest if box is None or one.y0 >= box.y0]
        rest = [one for one in rest if one not in above]
        sides = [[one for one in above if one.x1 <= gutter], [one for one in above if one.x0 >= gutter]]
        regions += sides[::-1] if _backwards(above) else sides
        if box is not None:
            regions.append([box])
    merged: list[list[Line | Ruled]] = []
    for region in regions:  # neighbouring full-width lines belong to one paragraph
        if region and merged and len(region) == 1 and region[0] in wide and merged[-1][-1] in wide:
            merged[-1] += region
        elif region:
            merged.append(region)
    return merged


def _gutter(boxes: list[Line | Ruled]) -> float | None:
    """The x between two columns of prose, if there are such: a gap with long lines on both sides."""
    lines = [box for box in boxes if isinstance(box, Line)]
    if len(lines) < 2 * FEWEST:
        return None
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    places = [left + (right - left) * share / 100 for share in range(30, 71, 2)]
    best: tuple[int, float] | None = None
    for x in places:
        crossing = sum(line.x0 < x < line.x1 for line in lines)
        sides = [[line for line in lines if line.x1 <= x], [line for line in lines if line.x0 >= x]]
        if min(map(len, sides)) >= FEWEST and all(_prose(side) for side in sides) and crossing < len(lines) / 3:
            best = min(best or (crossing, x), (crossing, x))
    return best[1] if best else None


def _prose(lines: list[Line]) -> bool:
    """True for lines that mostly fill their column, as those of paragraphs do and cells do not."""
    width = max(line.x1 for line in lines) - min(line.x0 for line in lines)
    long = sum(line.x1 - line.x0 > 0.6 * width for line in lines)
    return long > len(lines) / 2 and sum(len(line.text.split()) for line in lines) > 4 * len(lines)


def _region(boxes: list[Line | Ruled]) -> Iterator[Item]:
    """From top to bottom; pieces on one baseline are a row of a table, or one line."""
    rows = _baselines([box for box in boxes if isinstance(box, Line)])
    things: list[tuple[float, Item]] = [(box.y1, box) for box in boxes if isinstance(box, Ruled)]
    position = 0
    while position < len(rows):
        length = _table_length(rows[position:])
        if length:
            things.append((rows[position][0].y1, rows[position : position + length]))
            position += length
        else:
            things += [(line.y1 - at * 0.001, line) for at, line in enumerate(_one_line(rows[position]))]
            position += 1
    yield from (thing for _, thing in sorted(things, key=lambda pair: -pair[0]))


def _baselines(lines: list[Line]) -> list[list[Line]]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: (-one.y0, one.x0)):
        if rows and (same_line(rows[-1][0], line) or abs(rows[-1][0].y0 - line.y0) <= SAME_LINE):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda one: one.x0, reverse=_backwards(row)) for row in rows]


def _backwards(lines: Iterable[Line | Ruled]) -> bool:
    """Whether most of the pieces run from right to left."""
    pieces = [one for one in lines if isinstance(one, Line)]
    return 2 * sum(one.rtl for one in pieces) > len(pieces)


def _table_length(rows: list[list[Line]]) -> int:
    """How many of the first rows are a table: at least three, with as many aligned cells each, and short ones."""
    columns = len(rows[0])
    length = 0
    while length < len(rows) and len(rows[length]) == columns and _aligned(rows[0], rows[length]):
        length += 1
    words = sum(len(cell.text.split()) for row in rows[:length] for cell in row)
    return length if columns > 1 and length > 2 and words <= CELL_WORDS * columns * length else 0  # noqa: PLR2004


def _aligned(one: list[Line], other: list[Line]) -> bool:
    return all(
        min(abs(left.x0 - right.x0), abs(left.x1 - right.x1)) <= ALIGNED for left, right in zip(one, other, strict=True)
    )


def _one_line(row: list[Line]) -> list[Line]:
    if len(row) == 1:
        return row
    text = " ".join(line.text for line in row)
    largest = max(row, key=lambda line: len(line.text))
    bold = all(line.bold for line in row)
    box = (
        min(one.x0 for one in row),
        min(one.y0 for one in row),
        max(one.x1 for one in row),
        max(one.y1 for one in row),
    )
    return [Line(*box, text, largest.size, bold, largest.rtl)]
