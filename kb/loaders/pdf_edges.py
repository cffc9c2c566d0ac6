"""The ruled lines of a PDF page by PDFium, of which tables are drawn."""

import ctypes
from collections.abc import Iterator
from itertools import pairwise

import pypdfium2.raw as pdfium

from kb.loaders.pdf_grid import MOST_EDGES, THIN
from kb.loaders.pdf_page import Edge

MOST_OBJECTS = 20_000  # of a page: a map has more
MOST_POINTS = 4_000  # of a path
DEEPEST = 4  # drawings inside drawings

Matrix = tuple[float, float, float, float, float, float]
UNMOVED: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def edges_of(page: pdfium.FPDF_PAGE) -> list[Edge]:
    """Every ruled line in the page's own coordinates; none where it is a drawing rather than a text."""
    count = pdfium.FPDFPage_CountObjects(page)
    if count > MOST_OBJECTS:
        return []
    edges: list[Edge] = []
    for at in range(count):
        edges += _of_object(pdfium.FPDFPage_GetObject(page, at), UNMOVED, 0)
        if len(edges) > 2 * MOST_EDGES:
            return []
    return edges


def _of_object(shown: pdfium.FPDF_PAGEOBJECT, outer: Matrix, depth: int) -> Iterator[Edge]:
    kind = pdfium.FPDFPageObj_GetType(shown)
    if kind == pdfium.FPDF_PAGEOBJ_PATH:
        yield from _of_path(shown, outer)
    elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < DEEPEST:
        inner = _times(_matrix(shown), outer)
        for at in range(min(pdfium.FPDFFormObj_CountObjects(shown), MOST_OBJECTS)):
            yield from _of_object(pdfium.FPDFFormObj_GetObject(shown, at), inner, depth + 1)


def _of_path(path: pdfium.FPDF_PAGEOBJECT, outer: Matrix) -> Iterator[Edge]:
    count = pdfium.FPDFPath_CountSegments(path)
    if not 1 < count <= MOST_POINTS:
        return
    matrix = _times(_matrix(path), outer)
    x, y = ctypes.c_float(), ctypes.c_float()
    corners: list[tuple[float, float]] = []
    for at in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, at)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            yield from _of_corners(corners)
            corners = []
        if pdfium.FPDFPathSegment_GetPoint(segment, x, y):
            corners.append(_moved(matrix, x.value, y.value))
        if pdfium.FPDFPathSegment_GetClose(segment) and corners:
            corners.append(corners[0])
    yield from _of_corners(corners)


def _of_corners(corners: list[tuple[float, float]]) -> Iterator[Edge]:
    """The level and the upright sides of a shape; a shape that is itself thin is one line."""
    if len(corners) < 2:  # noqa: PLR2004
        return
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    if min(wide, high) <= THIN:
        if max(wide, high) > THIN:
            yield min(xs), min(ys), max(xs), max(ys)
        return
    for (ax, ay), (bx, by) in pairwise(corners):
        across, up = abs(ax - bx), abs(ay - by)
        if min(across, up) <= THIN / 4 and max(across, up) > THIN:
            yield min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)


def _matrix(shown: pdfium.FPDF_PAGEOBJECT) -> Matrix:
    found = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(shown, found):
        return UNMOVED
    return (found.a, found.b, found.c, found.d, found.e, found.f)


def _times(one: Matrix, other: Matrix) -> Matrix:
    """First `one`, then `other`."""
    a, b, c, d, e, f = one
    p, q, r, s, t, u = other
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
