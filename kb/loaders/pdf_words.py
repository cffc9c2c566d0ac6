"""The words of a PDF page by PDFium: where they stand, how large, and whether they are bold."""

import ctypes
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2.raw as pdfium

from kb.errors import TooLarge
from kb.loaders.pdf_bidi import RTL, logical
from kb.loaders.pdf_page import Word

MOST_LETTERS = 300_000  # of one page: an atlas' index has 30,000
WORD = re.compile("[^\\s\x00\x02\ufffe]+[\x02\ufffe]?")
SECOND_HALF = "\x03"  # stands where PDFium counts a letter in two
MARKS = str.maketrans({"\x02": "-", "\ufffe": "-", SECOND_HALF: ""})  # PDFium marks the hyphen at a line's end
# Letters that were drawn as one, and the shapes that Arabic letters have beside each other.
LIGATURES = re.compile("[\ufb00-\ufb06\ufb13-\ufdff\ufe70-\ufefc]")
BOLD = re.compile(rb"bold|black|heavy|demi|cmbx|sfbx|-bd", re.IGNORECASE)
FORCE_BOLD = 1 << 18  # of a font's flags
STROKED_TOO = 2  # of the render modes: a font that has no bold letters is made bold like that
SKEWED = 0.2  # radians from upright: further off it is a stamp over the page


@dataclass(frozen=True, slots=True)
class _Type:
    size: float  # points
    bold: bool
    turned: int  # quarter turns against the clock, -1: across the page


def words_of(text_page: pdfium.FPDF_TEXTPAGE) -> Iterator[tuple[Word, int]]:
    """Each word in the page's own coordinates, and by how many quarter turns it stands against the clock.

    Raises TooLarge.
    """
    count = pdfium.FPDFText_CountChars(text_page)
    if count > MOST_LETTERS:
        raise TooLarge("A page of the PDF has more letters than one can hold: check what was saved under this name.")
    letters = _letters(text_page, count)
    types: dict[int, _Type] = {}
    fonts: dict[int, bool] = {}  # by address: whether it is bold
    box, last = pdfium.FS_RECTF(), pdfium.FS_RECTF()
    for found in WORD.finditer(letters):
        start, end = found.span()
        shown = pdfium.FPDFText_GetTextObject(text_page, start)
        key = ctypes.addressof(shown.contents) if shown else 0
        style = types.get(key)
        if style is None:
            style = types[key] = _read_type(text_page, start, shown, fonts)
        if style.turned < 0 or not pdfium.FPDFText_GetLooseCharBox(text_page, start, box):
            continue
        if not pdfium.FPDFText_GetLooseCharBox(text_page, end - 1, last):
            last = box
        text = found.group()
        if not text.isprintable():
            text = text.translate(MARKS)
        if not text.isascii():
            text = _plain(text if not RTL.search(text) else logical(text_page, start, end))
        x0, x1 = min(box.left, last.left), max(box.right, last.right)
        y0, y1 = min(box.bottom, last.bottom), max(box.top, last.top)
        yield Word(x0, y0, x1, y1, text, style.size, style.bold, start), style.turned


def _plain(text: str) -> str:
    return LIGATURES.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)


def _letters(text_page: pdfium.FPDF_TEXTPAGE, count: int) -> str:
    """The page's text, letter n of which is letter n of PDFium's."""
    buffer = (ctypes.c_ushort * (count * 2 + 1))()
    got = pdfium.FPDFText_GetText(text_page, 0, count, buffer)
    text = bytes(buffer)[: max(0, got - 1) * 2].decode("utf-16-le", "replace")
    if len(text) == count:
        return text
    codes = (ctypes.c_uint16 * count)(*(pdfium.FPDFText_GetUnicode(text_page, at) or 32 for at in range(count)))
    text = bytes(codes).decode("utf-16-le", "replace")
    return "".join(char if ord(char) < 0x10000 else char + SECOND_HALF for char in text)  # noqa: PLR2004


def _read_type(
    text_page: pdfium.FPDF_TEXTPAGE, at: int, shown: pdfium.FPDF_PAGEOBJECT, fonts: dict[int, bool]
) -> _Type:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFText_GetMatrix(text_page, at, matrix):
        matrix.a = matrix.d = 1.0
    size = abs(pdfium.FPDFText_GetFontSize(text_page, at)) * math.hypot(matrix.c, matrix.d)
    font = pdfium.FPDFTextObj_GetFont(shown) if shown else None
    key = ctypes.addressof(font.contents) if font else 0
    if key not in fonts:
        name, flags = (ctypes.c_char * 128)(), ctypes.c_int()
        pdfium.FPDFText_GetFontInfo(text_page, at, name, 128, flags)
        fonts[key] = bool(BOLD.search(name.value)) or bool(flags.value & FORCE_BOLD)
    bold = fonts[key] or (bool(shown) and pdfium.FPDFTextObj_GetTextRenderMode(shown) == STROKED_TOO)
    turns = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
    upright = abs(turns - round(turns)) * math.pi / 2 < SKEWED
    return _Type(round(size, 1), bold, round(turns) % 4 if upright else -1)
