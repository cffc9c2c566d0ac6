"""DOCX: paragraphs by their styles, lists, and tables, in the order of the document."""

import io
import re
import zipfile
from collections.abc import Iterator

import docx
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml import etree

from kb.errors import DocxBroken, TooLarge
from kb.loaders.loaded import Block, Loaded, Loader, table_rows, tidy

MOST_UNPACKED = 100 * 1024 * 1024  # bytes; a small file that unpacks to more is a bomb
MOST_FILES = 2_000
ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
MAIN = "word/document.xml"


def load_docx(data: bytes) -> Loaded:
    """Headings by style, list items, paragraphs and table rows; the title is the first Title or Heading 1."""
    _check(data)
    try:
        document = docx.Document(io.BytesIO(data))
        blocks = tuple(_blocks(document))
        named = document.core_properties.title
    except (KeyError, ValueError, OSError, etree.LxmlError, AttributeError, zipfile.BadZipFile) as error:
        raise DocxBroken from error
    top = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    return Loaded(top or tidy(named or ""), blocks)


def _check(data: bytes) -> None:
    """Refuse archives that unpack to too much or declare entities, before a parser sees them."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_FILES or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise TooLarge("The DOCX file unpacks to more than 100 MB: split it, or take its pictures out.")
            if MAIN not in archive.namelist():
                raise DocxBroken("The file is a ZIP archive, but no DOCX document: save it from a word processor.")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")) and ENTITY.search(archive.read(part)):
                    raise DocxBroken(
                        "The DOCX file declares entities, as no word processor does: save it again in one."
                    )
    except (zipfile.BadZipFile, RuntimeError, OSError, EOFError) as error:
        raise DocxBroken from error


def _blocks(document: Document) -> Iterator[Block]:
    for part in document.iter_inner_content():
        if isinstance(part, Table):
            yield from table_rows(_grid(part), headed=_headed(part))
        elif text := tidy(part.text):
            yield _block(part, text)


def _block(paragraph: Paragraph, text: str) -> Block:
    style = str(paragraph.style.name) if paragraph.style is not None else ""
    if style == "Title":
        return Block("heading", text, 1)
    if heading := re.fullmatch(r"Heading (\d)", style):
        return Block("heading", text, int(heading.group(1)))
    listed = "List" in style or paragraph._p.find(".//{*}numPr") is not None  # noqa: SLF001 - python-docx has no other door to numbering
    return Block("item" if listed else "paragraph", text)


def _grid(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]


def _headed(table: Table) -> bool:
    """Whether the first row names the columns: marked, bold, or styled so; unsure, from three columns on."""
    first = table.rows[0]
    runs = [run for cell in first.cells for paragraph in cell.paragraphs for run in paragraph.runs]
    if len(first.cells) > 2 or (runs and all(run.bold for run in runs)):  # noqa: PLR2004
        return True
    styled = table.style is not None and table.style.name not in {"Normal Table", "Table Grid"}
    # python-docx has no other door to these two marks.
    marked = first._tr.find(".//{*}tblHeader") is not None  # noqa: SLF001
    return marked or (styled and bool(table._tbl.xpath("./w:tblPr/w:tblLook[@w:firstRow='1']")))  # noqa: SLF001


DOCX = Loader(
    "docx",
    (".docx", ".docm"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
    looks_like=lambda data: data.startswith(b"PK\x03\x04") and b"word/" in data,
    load=load_docx,
)
