"""Hebrew and Arabic words of a PDF in logical order, by where their letters stand, however they were drawn."""

import ctypes
import re
import unicodedata

import pypdfium2.raw as pdfium

RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
LTR_RUN = re.compile(r"[^\W_\u0590-\u08ff]+(?:[.,:/\-][^\W_\u0590-\u08ff]+)*")
LONGEST = 64  # bytes of an ActualText that stands for one shape: a ligature of four letters has 16


def logical(text_page: pdfium.FPDF_TEXTPAGE, start: int, end: int) -> str:
    """The word of letters `start` to `end`, read from its right edge; numbers and Latin in it from their left."""
    shapes: dict[int, tuple[list[tuple[float, str]], str]] = {}
    box = pdfium.FS_RECTF()
    for at in range(start, end):
        code = pdfium.FPDFText_GetUnicode(text_page, at)
        shown = pdfium.FPDFText_GetTextObject(text_page, at)
        pdfium.FPDFText_GetLooseCharBox(text_page, at, box)
        key = ctypes.cast(shown, ctypes.c_void_p).value or 0
        letters, _ = shapes.setdefault(key, ([], _said(shown)))
        letters.append(((box.left + box.right) / 2, chr(code)))
    placed: list[tuple[float, str]] = []
    for letters, said in shapes.values():
        if said and sorted(said) == sorted(letter for _, letter in letters):
            placed.append((sum(x for x, _ in letters) / len(letters), said))
        else:
            placed += letters
    text = "".join(letter for _, letter in sorted(placed, key=lambda one: -one[0]))
    return LTR_RUN.sub(lambda run: run.group()[::-1], text)


def _said(shown: pdfium.FPDF_PAGEOBJECT) -> str:
    """What the file says that this shape stands for ("ActualText"), where it says so."""
    buffer, size = (ctypes.c_ushort * (LONGEST // 2))(), ctypes.c_ulong()
    for at in range(pdfium.FPDFPageObj_CountMarks(shown)):
        mark = pdfium.FPDFPageObj_GetMark(shown, at)
        if pdfium.FPDFPageObjMark_GetParamStringValue(mark, b"ActualText", buffer, LONGEST, size):
            units = list(buffer)[: min(size.value, LONGEST) // 2 - 1]
            raw = bytes(units) if all(unit < 256 for unit in units) else b""  # noqa: PLR2004 - bytes, not yet decoded
            text = raw.decode("utf-16-be", "replace") if raw else "".join(map(chr, units))
            return unicodedata.normalize("NFKC", text.lstrip("\ufeff"))
    return ""
