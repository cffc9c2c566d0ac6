"""The parts of a DOCX file that hold text, unpacked while counting; macros, comments and pictures are never touched."""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element

from kb.errors import DocxBroken, TooLarge

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"  # the same names in "Strict Open XML"
MAIN = "word/document.xml"
MOST_UNPACKED = 50 * 1024 * 1024  # bytes of text parts; what a directory says of sizes is not believed
MOST_FILES = 5_000
STEP = 1024 * 1024
ENTITY = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True)
class Parts:
    """The parsed parts; None where the file has no such."""

    document: _Element
    styles: _Element | None
    footnotes: _Element | None
    endnotes: _Element | None
    core: _Element | None


def unpack(data: bytes) -> Parts:
    """Raises DocxBroken (damaged, no DOCX, or with entities), or TooLarge."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if len(names) > MOST_FILES:
                raise TooLarge(f"The DOCX file holds more than {MOST_FILES} files: save it without what is embedded.")
            if MAIN not in names:
                raise DocxBroken("The file is a ZIP archive, but no DOCX document: save it from a word processor.")
            room = MOST_UNPACKED
            parsed: list[_Element | None] = []
            for name in (MAIN, "word/styles.xml", "word/footnotes.xml", "word/endnotes.xml", "docProps/core.xml"):
                text = _read(archive, name, room) if name in names else b""
                room -= len(text)
                parsed.append(_parsed(text) if text else None)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError, ValueError) as error:
        raise DocxBroken from error
    document, *rest = parsed
    if document is None:
        raise DocxBroken
    return Parts(document, *rest)


def _read(archive: zipfile.ZipFile, name: str, room: int) -> bytes:
    whole = bytearray()
    with archive.open(name) as part:
        while piece := part.read(STEP):
            whole += piece
            if len(whole) > room:
                raise TooLarge(f"The DOCX file unpacks to more than {MOST_UNPACKED // STEP} MB of text: split it.")
    return bytes(whole)


def _parsed(text: bytes) -> _Element:
    if ENTITY.search(text) or ENTITY.search(text.replace(b"\x00", b"")):
        raise DocxBroken("The DOCX file declares entities, as no word processor does: save it again in one.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(text.replace(STRICT, W[1:-1].encode()), parser)
    except etree.XMLSyntaxError as error:
        raise DocxBroken from error
