"""Tables of a page: a line for each row, with the names of its columns, also where these stand in several rows."""

from dataclasses import replace

from lxml.etree import _Element

from kb.loaders.html_chrome import INLINE
from kb.loaders.loaded import Block, table_rows, tidy

WIDEST = 50  # columns or rows that one cell may span
MOST_CELLS = 50_000


def flat(element: _Element) -> str:
    """The words of `element` on one line; what stands in blocks of its own is set apart, what is inline is not."""
    if len(element) == 0:
        return tidy(element.text or "")
    parts: list[str] = []
    for event, one in _events(element):
        inline = one is element or one.tag in INLINE
        parts += [] if inline else [" "]
        parts.append((one.text if event == "start" else one.tail if one is not element else "") or "")
    return tidy("".join(parts))


def _events(element: _Element) -> list[tuple[str, _Element]]:
    """("start" | "end", element) in document order, without recursion."""
    events: list[tuple[str, _Element]] = []
    left: list[tuple[str, _Element]] = [("start", element)]
    while left:
        event, one = left.pop()
        events.append((event, one))
        if event == "start":
            left.append(("end", one))
            left += [("start", child) for child in reversed(one)]
    return events


def table_blocks(table: _Element, anchor: str) -> list[Block]:
    """Rows as blocks; a cell as wide as the table is a paragraph between them."""
    blocks = [Block("paragraph", flat(caption)) for caption in table.iterchildren("caption") if flat(caption)]
    lines = list(table.iter("tr"))
    grid = _grid(lines)
    width = max((len(row) for row in grid), default=0)
    if len(grid) == 1 or width == 1:  # a table for looks
        blocks += [Block("paragraph", text) for row in grid for cell in row if (text := tidy(cell))]
        return [replace(block, anchor=anchor) for block in blocks]
    heads = _headers(lines)
    header = [
        " ".join(dict.fromkeys(filter(None, column))) for column in zip(*_padded(grid[:heads], width), strict=True)
    ]
    part: list[list[str]] = []
    for row, line in zip(grid[heads:], lines[heads:], strict=True):
        if len(line) == 1 and len(row) > 1:
            blocks += _rows(header, part, named=bool(heads), width=width)
            blocks += [Block("paragraph", row[0])] if row[0] else []
            part = []
        else:
            part.append(row)
    blocks += _rows(header, part, named=bool(heads), width=width)
    return [replace(block, anchor=anchor) for block in blocks]


def _rows(header: list[str], rows: list[list[str]], *, named: bool, width: int) -> list[Block]:
    if named and rows:
        return table_rows([header, *rows])
    return table_rows(rows, headed=width > 2)  # noqa: PLR2004 - two columns are a name and its value


def _headers(lines: list[_Element]) -> int:
    """How many rows at the top name the columns: those in <thead>, of <th> alone, or all bold; never all of them."""
    count = 0
    for line in lines:
        cells = list(line.iterchildren("td", "th"))
        group = line.getparent()
        in_head = group is not None and group.tag == "thead"
        all_named = len(cells) > 1 and all(cell.tag == "th" or _bold(cell) for cell in cells)
        hangs = count > 0 and any(_span(cell, "rowspan") > 1 for cell in lines[count - 1]) and bool(cells)
        if not cells or not (in_head or all_named or (hangs and all(cell.tag == "th" for cell in cells))):
            break
        count += 1
    return count if count < len(lines) else min(1, len(lines) - 1)


def _bold(cell: _Element) -> bool:
    strong = sum(len(flat(one)) for one in cell.iter("b", "strong"))
    return strong > 0 and strong >= len(flat(cell))


def _padded(grid: list[list[str]], width: int) -> list[list[str]]:
    return [row + [""] * (width - len(row)) for row in grid] or [[""] * width]


def _grid(lines: list[_Element]) -> list[list[str]]:
    """Cells as text; one that spans columns or rows is repeated in each of them."""
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column → rows still to fill, text
    cells = 0
    for line in lines:
        row: list[str] = []
        for cell in line.iterchildren("td", "th"):
            _fill(row, hanging)
            text, down, across = flat(cell), _span(cell, "rowspan"), _span(cell, "colspan")
            # A wide cell is repeated only as long as there are not too many: a page can claim millions.
            for _ in range(across if cells + len(row) < MOST_CELLS else 1):
                if down > 1 and len(hanging) < WIDEST:
                    hanging[len(row)] = (down - 1, text)
                row.append(text)
        _fill(row, hanging)
        cells += len(row)
        grid.append(row)
    return grid


def _fill(row: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    """Put what hangs down from above into the next columns of `row`."""
    while len(row) in hanging:
        left, text = hanging.pop(len(row))
        row.append(text)
        if left > 1:
            # Kept under the same column for the next row, which is why it must not be met again in this one.
            hanging[len(row) - 1] = (left - 1, text)


def _span(cell: _Element, name: str) -> int:
    value = cell.get(name, "1")
    return max(1, min(int(value), WIDEST)) if value.isdecimal() and len(value) < 6 else 1  # noqa: PLR2004
