"""PDF: opened by PDFium; refused with a reason where it is encrypted, damaged, too long or has pictures only."""

from collections.abc import Iterator

import pypdfium2

from kb.errors import PdfBroken, PdfWithoutText, TooLarge
from kb.loaders.loaded import Loaded, Loader, tidy
from kb.loaders.pdf_blocks import blocks_of
from kb.loaders.pdf_page import Page
from kb.loaders.pdf_pdfium import needs_its_own_viewer, opened, read_page, title_of

MOST_PAGES = 2_000
MOST_LETTERS = 20_000_000  # of a document: ten times a Bible's
ENDS_WITHIN = 4_096  # bytes from the end: a file without its end marker there was cut off


def load_pdf(data: bytes) -> Loaded:
    """Blocks with page numbers: headings by their type size, paragraphs joined over lines, table rows.

    Raises PdfEncrypted, PdfBroken, PdfWithoutText or TooLarge.
    """
    if not any(mark in data[-ENDS_WITHIN:] for mark in (b"%%EOF", b"startxref")):
        raise PdfBroken("The PDF is cut off before its end: open it, export it again, and upload the new file.")
    with opened(data) as document:
        title = tidy(title_of(document))
        blocks = blocks_of(list(_pages(document)))
        if needs_its_own_viewer(document) and blocks and blocks[0].text.startswith("Please wait"):
            raise PdfWithoutText("The PDF is a form that one program alone can show: print it to a PDF, upload that.")
    if not blocks:
        raise PdfWithoutText
    first = blocks[0]
    return Loaded(first.text if first.kind == "heading" and first.level == 1 else title, tuple(blocks))


def _pages(document: pypdfium2.PdfDocument) -> Iterator[Page]:
    count = len(document)
    if not count:
        raise PdfBroken
    if count > MOST_PAGES:
        raise TooLarge(f"The PDF has {count:,} pages, and {MOST_PAGES:,} are read: split it into several.")
    letters = 0
    for number in range(1, count + 1):
        page = read_page(document, number)
        letters += sum(len(line.text) for line in page.lines)
        if letters > MOST_LETTERS:
            raise TooLarge
        yield page


PDF = Loader(
    "pdf",
    (".pdf",),
    ("application/pdf",),
    looks_like=lambda data: b"%PDF-" in data[:1024],
    load=load_pdf,
)
