"""The formats that documents may have, and `load`, which picks one."""

import re
from pathlib import PurePath

from kb.errors import FileEmpty, TypeUnknown
from kb.loaders.csv_faq import CSV
from kb.loaders.docx import DOCX
from kb.loaders.html import HTML
from kb.loaders.loaded import Block, Loaded, Loader
from kb.loaders.markdown import MARKDOWN
from kb.loaders.pdf import PDF
from kb.loaders.text import TEXT, decode

__all__ = ["LOADERS", "Block", "Loaded", "Loader", "load", "readable"]

LOADERS: tuple[Loader, ...] = (PDF, DOCX, HTML, MARKDOWN, CSV, TEXT)
"""In the order in which they are asked. To add one: write its file, add it here."""

CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
OF_TEXT = (HTML, MARKDOWN, CSV, TEXT)


def load(data: bytes, name: str, content_type: str = "") -> Loaded:
    """Read `data`. What the bytes say outranks the content type, and that the name's suffix.

    Raises a DocumentUnreadable that says what to do.
    """
    if not data.strip():
        raise FileEmpty
    loader = _choose(data, name, content_type)
    if loader in OF_TEXT:
        data = _in_utf8(data, content_type)
    return loader.load(data)


def _in_utf8(data: bytes, content_type: str) -> bytes:
    """`data` in UTF-8 where the server says another encoding, the bytes are not UTF-8, and they fit to what it says."""
    said = CHARSET.search(content_type)
    if said is None or data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return decode(data, said.group(1)).encode("utf-8", errors="replace")
    return data


def readable(name: str) -> bool:
    """True where a file of this name is worth opening."""
    return any(PurePath(name).suffix.lower() in loader.suffixes for loader in LOADERS)


def _choose(data: bytes, name: str, content_type: str) -> Loader:
    kind = content_type.partition(";")[0].strip().lower()
    suffix = PurePath(name).suffix.lower()
    for loader in LOADERS:
        if loader.looks_like(data):
            return loader
    # Servers send Markdown as text/plain, so a suffix that we know is asked before the type.
    for loader in LOADERS:
        if suffix in loader.suffixes:
            return loader
    for loader in LOADERS:
        if kind in loader.content_types:
            return loader
    raise TypeUnknown
