"""Build the demo shop's DOCX and PDF documents from the Markdown-like texts in `sources/`.

Run it with `python -m ops.demo.make_documents`. The dates inside the files come from the sources, so the
same sources give the same bytes.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from docx import Document
from docx.document import Document as Paper
from fpdf import FPDF
from fpdf.enums import TableBordersLayout

HERE = Path(__file__).parent
SHOP = "Fjordlight Outfitters"
SIZES = {"h1": 18, "h2": 14, "h3": 11}
MANUAL_PAPER = (148.0, 210.0)


@dataclass(frozen=True)
class Block:
    """One piece of a source: `kind` is h1, h2, h3, item, step, row or text; a table row holds its cells in `cells`."""

    kind: str
    text: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A source file: its head (format, title, date, perhaps layout and folder) and its blocks in order."""

    name: str
    head: dict[str, str]
    blocks: tuple[Block, ...]

    @property
    def created(self) -> datetime:
        """The day written in the head, at midnight UTC."""
        return datetime.fromisoformat(self.head["date"]).replace(tzinfo=UTC)


def read_source(path: Path) -> Source:
    """Split a source file at its first `---` line into head and blocks."""
    head, body = path.read_text(encoding="utf-8").split("\n---\n", 1)
    pairs = dict(line.split(": ", 1) for line in head.splitlines())
    return Source(path.stem, pairs, tuple(read_blocks(body)))


def read_blocks(body: str) -> Iterator[Block]:
    """Yield the blocks of a body. A line is a block; `|---|` lines only mark a table head and are dropped."""
    marks = {"# ": "h1", "## ": "h2", "### ": "h3", "- ": "item"}
    for line in filter(None, map(str.strip, body.splitlines())):
        mark = next((m for m in marks if line.startswith(m)), None)
        if line.startswith("|"):
            if not set(line) <= set("|-"):
                yield Block("row", "", tuple(cell.strip() for cell in line.strip("|").split("|")))
        elif mark:
            yield Block(marks[mark], line.removeprefix(mark))
        else:
            yield Block("step" if re.match(r"\d+\. ", line) else "text", line)


def grouped(blocks: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
    """Yield neighbouring table rows as one tuple and every other block as a tuple of one."""
    rows: list[Block] = []
    for block in (*blocks, Block("end", "")):
        if block.kind == "row":
            rows.append(block)
            continue
        if rows:
            yield tuple(rows)
            rows = []
        if block.kind != "end":
            yield (block,)


def build_docx(source: Source) -> bytes:
    """Return the source as DOCX with real heading, list and table styles."""
    paper = Document()
    core = paper.core_properties
    core.title, core.author, core.last_modified_by = source.head["title"], SHOP, SHOP
    core.created = core.modified = source.created
    core.comments = ""
    for group in grouped(source.blocks):
        if group[0].kind == "row":
            table = paper.add_table(rows=0, cols=len(group[0].cells), style="Light Grid Accent 1")
            for row in group:
                for cell, text in zip(table.add_row().cells, row.cells, strict=True):
                    cell.text = text
            paper.add_paragraph()
        else:
            add_paragraph(paper, group[0])
    raw = io.BytesIO()
    paper.save(raw)
    return with_fixed_times(raw.getvalue(), source.created)


def add_paragraph(paper: Paper, block: Block) -> None:
    """Append one heading, list line or paragraph to a DOCX document."""
    if block.kind in {"h1", "h2", "h3"}:
        paper.add_heading(block.text, level=int(block.kind[1]))
    elif block.kind == "step":
        paper.add_paragraph(block.text.split(". ", 1)[1], style="List Number")
    else:
        paper.add_paragraph(block.text, style="List Bullet" if block.kind == "item" else None)


def with_fixed_times(data: bytes, when: datetime) -> bytes:
    """Return the same zip with every member dated `when`, because zip times would change the bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            stamp = zipfile.ZipInfo(member.filename, when.timetuple()[:6])
            new.writestr(stamp, old.read(member), zipfile.ZIP_DEFLATED)
    return out.getvalue()


class Sheet(FPDF):
    """A PDF page with a running head and a page number; A5 for a manual, A4 for the rest."""

    def __init__(self, source: Source) -> None:
        """Set paper, margins and metadata from the head of `source`."""
        self.layout = source.head["layout"]
        super().__init__(format=MANUAL_PAPER if self.layout == "manual" else "A4")
        self.set_title(source.head["title"])
        self.set_author(SHOP)
        self.set_lang("en-GB")
        self.set_creation_date(source.created)
        self.set_margins(*((14, 20) if self.layout == "manual" else (20, 25)))
        self.set_auto_page_break(auto=True, margin=20)
        self.running_head = source.head["title"]

    def header(self) -> None:
        """Write the running head at the top of each page."""
        self.set_font("Helvetica", "I", 8)
        self.set_y(10)
        self.cell(0, 5, f"{SHOP}  |  {self.running_head}", align="C")
        self.set_y(self.t_margin)

    def footer(self) -> None:
        """Write the page number at the bottom of each page."""
        self.set_font("Helvetica", "", 8)
        self.set_y(-14)
        self.cell(0, 5, f"Page {self.page_no()}", align="C")

    def use_font_of(self, block: Block) -> float:
        """Choose the font for a block and return its line height in mm."""
        size = SIZES.get(block.kind, 10)
        self.set_font("Helvetica", "B" if block.kind in SIZES else "", size)
        return size * 0.52


def build_pdf(source: Source) -> bytes:
    """Return the source as PDF, in the layout that its head names."""
    pdf = Sheet(source)
    pdf.add_page()
    if pdf.layout == "two-column":
        fill_columns(pdf, source.blocks)
    else:
        fill_page(pdf, source.blocks)
    return bytes(pdf.output())


def fill_columns(pdf: Sheet, blocks: tuple[Block, ...]) -> None:
    """Write the title over the whole width and the rest in two columns. There are no tables in this layout."""
    add_lines(pdf, blocks[0])
    with pdf.text_columns(ncols=2, gutter=10, text_align="L") as columns:
        for block in blocks[1:]:
            height = pdf.use_font_of(block)
            with columns.paragraph(line_height=height / pdf.font_size, bottom_margin=2.4) as paragraph:
                paragraph.write(block.text)


def fill_page(pdf: Sheet, blocks: tuple[Block, ...]) -> None:
    """Write blocks and tables one below the other; in a manual every chapter starts on a new page."""
    for group in grouped(blocks):
        heading = group[0].kind in SIZES
        if (group[0].kind == "h2" and pdf.layout == "manual") or (heading and pdf.will_page_break(30)):
            pdf.add_page()
        if group[0].kind == "row":
            add_table(pdf, group)
        else:
            add_lines(pdf, group[0])


def add_lines(pdf: Sheet, block: Block) -> None:
    """Write one heading, list line or paragraph over the whole width."""
    height = pdf.use_font_of(block)
    text = f"- {block.text}" if block.kind == "item" else block.text
    pdf.multi_cell(0, height, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(0.8 if block.kind == "item" else 2.4)


def add_table(pdf: Sheet, rows: tuple[Block, ...]) -> None:
    """Write a table with a bold first row; columns are as wide as their longest cell asks for."""
    pdf.set_font("Helvetica", "", 9)
    longest = [max(len(row.cells[n]) for row in rows) for n in range(len(rows[0].cells))]
    widths = tuple(min(max(length, 10), 34) for length in longest)
    layout = TableBordersLayout.HORIZONTAL_LINES
    with pdf.table(col_widths=widths, borders_layout=layout, text_align="LEFT", line_height=5, padding=0.8) as table:
        for row in rows:
            table.row(row.cells)
    pdf.ln(4)


BUILDERS = {"docx": build_docx, "pdf": build_pdf}


def build_all(target: Path = HERE) -> list[Path]:
    """Build every source into `target`/documents or the folder named in its head; return the files written."""
    written = []
    for path in sorted((HERE / "sources").glob("*.md")):
        source = read_source(path)
        file = target / source.head.get("folder", "documents") / f"{source.name}.{source.head['format']}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(BUILDERS[source.head["format"]](source))
        written.append(file)
    return written


if __name__ == "__main__":
    build_all()
