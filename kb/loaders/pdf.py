"""PDF: opened by pdfminer.six; refused with a reason where it is encrypted, damaged or has pictures only."""

import io
from collections.abc import Iterator

from pdfminer.high_level import extract_pages
from pdfminer.layout import LAParams
from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError, PDFPasswordIncorrect
from pdfminer.pdfparser import PDFParser
from pdfminer.pdftypes import resolve1
from pdfminer.utils import decode_text

from kb.errors import DocumentUnreadable, PdfBroken, PdfEncrypted, PdfWithoutText, TooLarge
from kb.loaders.loaded import Loaded, Loader, tidy
from kb.loaders.pdf_blocks import blocks_of
from kb.loaders.pdf_page import Page, read_page

MOST_PAGES = 2_000
# Cells of a table stand close together: a wider margin would glue them to one line.
LAYOUT = LAParams(char_margin=1.2, line_margin=0.4, boxes_flow=None)


def load_pdf(data: bytes) -> Loaded:
    """Blocks with page numbers: headings by their type size, paragraphs joined over lines, table rows.

    Raises PdfEncrypted, PdfBroken, PdfWithoutText or TooLarge.
    """
    try:
        title = _title(data)
        pages = list(_pages(data))
    except DocumentUnreadable:
        raise
    except (PDFEncryptionError, PDFPasswordIncorrect) as error:
        raise PdfEncrypted from error
    except Exception as error:  # a damaged file breaks the parser in any way there is
        raise PdfBroken from error
    if not pages:
        raise PdfBroken
    blocks = blocks_of(pages)
    if not blocks:
        raise PdfWithoutText
    first = blocks[0]
    return Loaded(first.text if first.kind == "heading" and first.level == 1 else title, tuple(blocks))


def _pages(data: bytes) -> Iterator[Page]:
    for number, page in enumerate(extract_pages(io.BytesIO(data), laparams=LAYOUT), start=1):
        if number > MOST_PAGES:
            raise TooLarge(f"The PDF has more than {MOST_PAGES} pages: split it into several.")
        yield read_page(page, number)


def _title(data: bytes) -> str:
    document = PDFDocument(PDFParser(io.BytesIO(data)))
    found = resolve1(document.info[0].get("Title", b"")) if document.info else b""
    return tidy(decode_text(found)) if isinstance(found, bytes) else ""


PDF = Loader(
    "pdf",
    (".pdf",),
    ("application/pdf",),
    looks_like=lambda data: b"%PDF-" in data[:1024],
    load=load_pdf,
)
