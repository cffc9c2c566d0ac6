"""DOCX: paragraphs by their styles, lists, tables, text boxes and notes, in order; what was deleted stays deleted."""

from collections.abc import Iterator

from lxml.etree import _Element

from kb.errors import DocxBroken
from kb.loaders.docx_parts import Parts, W, unpack
from kb.loaders.docx_styles import Styles
from kb.loaders.loaded import Block, Loaded, Loader, table_rows, tidy

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
TITLE = "{http://purl.org/dc/elements/1.1/}title"
# Deleted or moved away while changes were tracked; written for another program; not text at all.
LEFT_OUT = {f"{W}del", f"{W}moveFrom", f"{W}delText", f"{W}instrText", f"{MC}Fallback", f"{W}rPr", f"{W}pPr"}
BREAKS = {f"{W}tab", f"{W}br", f"{W}cr", f"{W}ptab"}
NOTES = {f"{W}footnoteReference": "footnotes", f"{W}endnoteReference": "endnotes"}
WIDEST = 60  # columns that one cell may span


def load_docx(data: bytes) -> Loaded:
    """Headings by style, items, paragraphs, table rows; the title is the first Title or Heading 1.

    Headers, footers, comments and macros are not read. Raises DocxBroken or TooLarge.
    """
    parts = unpack(data)
    body = parts.document.find(f"{W}body")
    if body is None:
        raise DocxBroken
    blocks = tuple(_Reading(parts).blocks(body))
    top = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    named = parts.core.findtext(TITLE) if parts.core is not None else ""
    return Loaded(top or tidy(named or ""), blocks)


class _Reading:
    """One document while it is read."""

    def __init__(self, parts: Parts) -> None:
        self._styles = Styles(parts.styles)
        self._notes = {"footnotes": _by_id(parts.footnotes), "endnotes": _by_id(parts.endnotes)}

    def blocks(self, container: _Element) -> Iterator[Block]:
        """Of a body, a cell, a text box or a note; what only wraps (content controls, insertions) is looked through."""
        for element in container:
            if element.tag == f"{W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{W}tbl":
                yield from self._table(element)
            elif isinstance(element.tag, str) and element.tag not in LEFT_OUT:
                yield from self.blocks(element)

    def _paragraph(self, paragraph: _Element) -> Iterator[Block]:
        if self._styles.of_contents(paragraph):
            return
        beside: list[_Element] = []
        text = tidy("".join(_words(paragraph, beside)))
        if text and (level := self._styles.level(paragraph)):
            yield Block("heading", text, level)
        elif text:
            yield Block("item" if self._styles.listed(paragraph) else "paragraph", text)
        for element in beside:
            if element.tag in NOTES:
                note = self._notes[NOTES[element.tag]].get(element.get(f"{W}id", ""))
                yield from self.blocks(note) if note is not None else ()
            else:
                yield from self.blocks(element)

    def _table(self, table: _Element) -> Iterator[Block]:
        lines = [line for line in table.iter(f"{W}tr") if _owner(line, f"{W}tbl") is table and not _gone(line)]
        cells = [[cell for cell in line.iter(f"{W}tc") if _owner(cell, f"{W}tr") is line] for line in lines]
        if len(cells) == 1 or max(map(len, cells), default=0) <= 1:  # a table for looks
            for row in cells:
                for cell in row:
                    yield from self.blocks(cell)
            return
        inner: list[_Element] = []
        yield from table_rows(self._grid(cells, inner), headed=_headed(table, lines[0], cells[0]))
        for one in inner:
            yield from self._table(one)

    def _grid(self, lines: list[list[_Element]], inner: list[_Element]) -> list[list[str]]:
        """Cells as text; one that spans columns or rows is repeated. Tables inside of cells go to `inner`."""
        grid: list[list[str]] = []
        for line in lines:
            row: list[str] = []
            for cell in line:
                inner += [one for one in cell.iter(f"{W}tbl") if _owner(one, f"{W}tc") is cell]
                text = " ".join(block.text for block in self._beside_tables(cell))
                merged = cell.find(f"{W}tcPr/{W}vMerge")
                for _ in range(_span(cell)):
                    hangs = (
                        merged is not None and merged.get(f"{W}val") != "restart" and grid and len(row) < len(grid[-1])
                    )
                    row.append(grid[-1][len(row)] if hangs else text)
            grid.append(row)
        return grid

    def _beside_tables(self, cell: _Element) -> Iterator[Block]:
        for paragraph in cell.iter(f"{W}p"):
            if _owner(paragraph, f"{W}tc") is cell and not any(
                True for _ in paragraph.iterancestors(f"{W}txbxContent")
            ):
                yield from self._paragraph(paragraph)


def _words(element: _Element, beside: list[_Element]) -> Iterator[str]:
    """The text of a paragraph as it stands now; text boxes and notes that hang on it go to `beside`."""
    for child in element:
        if child.tag == f"{W}t":
            yield child.text or ""
        elif child.tag in BREAKS:
            yield " "
        elif child.tag == f"{W}noBreakHyphen":
            yield "-"
        elif child.tag == f"{W}txbxContent" or child.tag in NOTES:
            beside.append(child)
        elif child.tag == f"{W}r" and _hidden(child):
            continue
        elif isinstance(child.tag, str) and child.tag not in LEFT_OUT:
            yield from _words(child, beside)


def _hidden(run: _Element) -> bool:
    vanish = run.find(f"{W}rPr/{W}vanish")
    return vanish is not None and vanish.get(f"{W}val", "true") not in {"0", "false"}


def _owner(element: _Element, tag: str) -> _Element | None:
    return next(element.iterancestors(tag), None)


def _gone(line: _Element) -> bool:
    """A row that was deleted while changes were tracked."""
    return line.find(f"{W}trPr/{W}del") is not None


def _span(cell: _Element) -> int:
    span = cell.find(f"{W}tcPr/{W}gridSpan")
    value = span.get(f"{W}val", "") if span is not None else ""
    return max(1, min(int(value), WIDEST)) if value.isdecimal() and len(value) < 6 else 1  # noqa: PLR2004


def _headed(table: _Element, line: _Element, first: list[_Element]) -> bool:
    """Whether the first row names the columns: marked, bold, or styled so; unsure, from three columns on."""
    runs = [run for cell in first for run in cell.iter(f"{W}r") if "".join(_words(run, [])).strip()]
    bold = bool(runs) and all(run.find(f"{W}rPr/{W}b") is not None for run in runs)
    if sum(map(_span, first)) > 2 or bold or line.find(f"{W}trPr/{W}tblHeader") is not None:  # noqa: PLR2004
        return True
    style, look = table.find(f"{W}tblPr/{W}tblStyle"), table.find(f"{W}tblPr/{W}tblLook")
    styled = style is not None and style.get(f"{W}val") not in {"TableNormal", "TableGrid", "NormalTable"}
    return styled and look is not None and look.get(f"{W}firstRow") == "1"


def _by_id(notes: _Element | None) -> dict[str, _Element]:
    """Notes by id, without the lines that are drawn above them."""
    if notes is None:
        return {}
    return {note.get(f"{W}id", ""): note for note in notes if note.get(f"{W}type", "normal") == "normal"}


DOCX = Loader(
    "docx",
    (".docx", ".docm"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.ms-word.document.macroenabled.12",
    ),
    looks_like=lambda data: data.startswith(b"PK\x03\x04") and b"word/" in data,
    load=load_docx,
)
