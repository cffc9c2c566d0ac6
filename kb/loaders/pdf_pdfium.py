"""A PDF opened by PDFium: its pages in upright coordinates, and its title; refused with a reason where it can't be."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pypdfium2
import pypdfium2.raw as pdfium

from kb.errors import PdfBroken, PdfEncrypted
from kb.loaders.pdf_edges import edges_of
from kb.loaders.pdf_grid import tables_of
from kb.loaders.pdf_page import Edge, Page, Word, lines_of
from kb.loaders.pdf_words import words_of

Box = tuple[float, float, float, float]  # x0, y0, x1, y1
OUTSIDE = 1.0  # points beyond the paper's edge that a word may begin
FORMS = {pdfium.FORMTYPE_ACRO_FORM, pdfium.FORMTYPE_XFA_FULL, pdfium.FORMTYPE_XFA_FOREGROUND}


@contextmanager
def opened(data: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """The document; one whose password is empty simply opens. Raises PdfEncrypted or PdfBroken."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}
        raise (PdfEncrypted if locked else PdfBroken) from error
    with closing(document):
        if document.get_formtype() in FORMS:
            document.init_forms()  # it draws the values of fields that bring no picture of theirs
        yield document


def title_of(document: pypdfium2.PdfDocument) -> str:
    """The title that the file names, or ""."""
    return str(document.get_metadata_value("Title"))


def needs_its_own_viewer(document: pypdfium2.PdfDocument) -> bool:
    """Whether it is an XFA form, which other viewers than its maker's show as "Please wait…"."""
    return bool(document.get_formtype() == pdfium.FORMTYPE_XFA_FULL)


def read_page(document: pypdfium2.PdfDocument, number: int) -> Page:
    """Page `number`, from 1: pieces of lines in the order of the file, and tables. Raises PdfBroken or TooLarge."""
    try:
        with _page(document, number) as page, closing(page.get_textpage()) as text_page:
            found = list(words_of(text_page.raw))
            edges = edges_of(page.raw)
            box = page.get_bbox()
    except pypdfium2.PdfiumError as error:
        raise PdfBroken from error
    turns = Counter(turn for _, turn in found).most_common(1)[0][0] if found else 0
    upright = [word for word, turn in found if turn == turns]
    if turns or box[:2] != (0.0, 0.0):
        upright = [_turned(word, box, turns) for word in upright]
        edges = [_turn(edge, box, turns) for edge in edges]
    width, height = (box[3] - box[1], box[2] - box[0]) if turns % 2 else (box[2] - box[0], box[3] - box[1])
    shown = [word for word in upright if -OUTSIDE <= word.x0 <= width and -OUTSIDE <= word.y0 <= height]
    tables, rest = tables_of(shown, edges)
    return Page(number, width, height, lines_of(rest), tables)


@contextmanager
def _page(document: pypdfium2.PdfDocument, number: int) -> Iterator[pypdfium2.PdfPage]:
    """The page; a form's fields are part of what is printed on it."""
    page = document[number - 1]
    if document.get_formtype() in FORMS and pdfium.FPDFPage_GetAnnotCount(page.raw):
        flat = pdfium.FPDFPage_Flatten(page.raw, pdfium.FLAT_NORMALDISPLAY)
        if flat == pdfium.FLATTEN_SUCCESS:
            page.close()
            page = document[number - 1]
    with closing(page):
        yield page


def _turned(word: Word, box: Box, turns: int) -> Word:
    x0, y0, x1, y1 = _turn((word.x0, word.y0, word.x1, word.y1), box, turns)
    return word._replace(x0=x0, y0=y0, x1=x1, y1=y1)


def _turn(edge: Edge, box: Box, turns: int) -> Edge:
    """The place on a page that begins at 0, 0 and whose usual text stands upright."""
    x0, y0, x1, y1 = edge[0] - box[0], edge[1] - box[1], edge[2] - box[0], edge[3] - box[1]
    wide, high = box[2] - box[0], box[3] - box[1]
    if turns == 1:  # it was written from the bottom up
        return y0, wide - x1, y1, wide - x0
    if turns == 2:  # noqa: PLR2004 - upside down
        return wide - x1, high - y1, wide - x0, high - y0
    if turns == 3:  # noqa: PLR2004 - from the top down
        return high - y1, x0, high - y0, x1
    return x0, y0, x1, y1
