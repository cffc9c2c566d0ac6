"""PDFs of a kind that no program writes: bombs, turned pages, a form, a torn one; made when they are asked for."""

import zlib

HELLO = b"BT /F 12 Tf 50 700 Td (Gas canisters never come back.) Tj ET\n"
PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 3 0 R /Resources << /Font << /F 4 0 R >> >>%s >>"
)


def pdf_of(
    content: bytes,
    *,
    pages: int = 1,
    packed: bytes | None = None,
    filters: bytes = b"/FlateDecode",
    page: bytes = b"",
    catalog: bytes = b"",
    others: tuple[bytes, ...] = (),
) -> bytes:
    """A file of `pages` pages with the same `content`; `page`, `catalog` and `others` are PDF source to add."""
    stream = zlib.compress(content, 9) if packed is None else packed
    first = 5 + len(others)
    kids = b" ".join(b"%d 0 R" % (first + at) for at in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        b"<< /Length %d /Filter %s >>\nstream\n%s\nendstream" % (len(stream), filters, stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        *others,
        *[PAGE % (b" " + page)] * pages,
    ]
    return _file(objects)


def _file(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, said in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, said)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(
        b"%010d 00000 n \n" % at for at in places
    )
    return out + table + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))


def bomb() -> bytes:
    """Some megabytes, a gigabyte of spaces when it is unpacked."""
    packer = zlib.compressobj(1)
    block = packer.compress(HELLO) + packer.compress(b" " * 10_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    more = packer.compress(b" " * 10_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block + more * 99  # no end: readers take what there is
    return pdf_of(b"", packed=packed)


def slow() -> bytes:
    """Some seconds of work, and little memory: the same words a hundred thousand times on each of many pages."""
    return pdf_of(b"BT /F 12 Tf 50 700 Td " + b"(a b) Tj " * 60_000 + b"ET", pages=200)


def form() -> bytes:
    """A form with a label on the page, a text field and a choice, whose pictures the viewer is to draw."""
    field = b"<< /Type /Annot /Subtype /Widget /FT /%s /T (%s) /V (%s) /Rect [%s] /DA (/F 12 Tf 0 g) /F 4 /P 7 0 R >>"
    return pdf_of(
        b"BT /F 12 Tf 50 700 Td (Serial number:) Tj 0 -40 Td (Model:) Tj ET",
        page=b"/Annots [5 0 R 6 0 R]",
        catalog=b"/AcroForm << /Fields [5 0 R 6 0 R] /NeedAppearances true /DA (/F 12 Tf 0 g)"
        b" /DR << /Font << /F 4 0 R >> >> >>",
        others=(
            field % (b"Tx", b"serial", b"SK-4711", b"150 694 400 714"),
            field % (b"Tx", b"model", b"Ember 3", b"150 654 400 674"),
        ),
    )


def turned(degrees: int) -> bytes:
    """A page that viewers turn, whose letters are drawn so that they then stand upright."""
    matrix = {90: b"0 1 -1 0 500 50", 180: b"-1 0 0 -1 500 700", 270: b"0 -1 1 0 100 700"}[degrees]
    content = b"BT /F 12 Tf %s Tm (First line of the page) Tj 0 -20 Td (and the second one.) Tj ET" % matrix
    return pdf_of(content, page=b"/Rotate %d" % degrees)
