"""A page of a PDF as a grey picture, for a program that reads letters off it."""

from contextlib import closing

import pypdfium2
from pypdfium2 import PdfiumError

from kb.errors import PdfBroken
from kb.loaders.pdf_pdfium import opened

MOST_PIXELS = 40_000_000  # A3 at 400 dpi has 31 million: a larger page is shown smaller


def picture(data: bytes, page: int, dpi: int) -> tuple[dict[str, int], bytes]:
    """Page `page`, from 1, as a portable greymap ("P5"), and how many pages there are.

    Raises PdfEncrypted or PdfBroken.
    """
    with opened(data) as document:
        count = len(document)
        try:
            with closing(document[page - 1]) as shown:
                wide, high = shown.get_size()
                scale = min(dpi / 72, (MOST_PIXELS / max(1.0, wide * high)) ** 0.5)
                bitmap = shown.render(scale=scale, grayscale=True, may_draw_forms=False)
        except PdfiumError as error:
            raise PdfBroken from error
        return {"pages": count}, _greymap(bitmap)


def _greymap(bitmap: pypdfium2.PdfBitmap) -> bytes:
    pixels = memoryview(bitmap.buffer).cast("B")
    rows = (pixels[at * bitmap.stride : at * bitmap.stride + bitmap.width] for at in range(bitmap.height))
    return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + b"".join(rows)
