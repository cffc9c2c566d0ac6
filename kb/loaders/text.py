"""Plain text: which encoding it is in, where its paragraphs, headings and lists are."""

import codecs
import re

from kb.errors import NotText
from kb.loaders.loaded import Block, Kind, Loaded, Loader, tidy

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BINARY = (b"\x7fELF", b"MZ\x90", b"\x89PNG", b"PK\x03\x04", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")
MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "utf-8": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}
ITEM = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+(?=\S)")
UNDERLINE = re.compile(r"^\s*([=\-~#*_])\1{2,}\s*$")
LONGEST_HEADING = 70
MOST_CONTROLS = 0.01  # share of control characters above which it is no text


def decode(data: bytes, declared: str = "") -> str:
    """The text of `data`: by its byte order mark, as UTF-8, as UTF-16 without a mark, as `declared`, or else as cp1252.

    Text in another encoding is never valid UTF-8 by chance, so what is declared counts only where it is not.
    Raises NotText where the bytes are no text in any of these.
    """
    if data.startswith(BINARY):
        raise NotText
    text = _decode(data, declared)
    controls = sum(1 for char in text[:20_000] if ord(char) < 32 and char not in "\t\n\r\f\v")  # noqa: PLR2004 - ASCII
    if controls > MOST_CONTROLS * len(text[:20_000]):
        raise NotText
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _decode(data: bytes, declared: str) -> str:
    try:
        for mark, encoding in BOMS:
            if data.startswith(mark):
                return data.decode(encoding)
        return data.decode(_utf16_by_zeros(data) or "utf-8")
    except UnicodeDecodeError:
        pass
    try:
        named = codecs.lookup(declared).name if declared else "cp1252"
        return data.decode(MEANT.get(named, named), errors="replace")
    except (LookupError, ValueError):  # no such encoding, or one that is not of text
        return data.decode("cp1252", errors="replace")


def _utf16_by_zeros(data: bytes) -> str | None:
    """Western text in UTF-16 has a zero in nearly every second byte."""
    even, odd = data[:2000:2], data[1:2000:2]
    if len(odd) > 1 and odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if len(odd) > 1 and even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def load_text(data: bytes) -> Loaded:
    """Paragraphs are separated by blank lines; a short line of capitals, or one underlined, is a heading."""
    blocks: list[Block] = []
    for part in re.split(r"\n[ \t\f]*\n", decode(data)):
        blocks += _read_part([line for line in part.split("\n") if line.strip()], first=not blocks)
    title = blocks[0].text if blocks and blocks[0].kind == "heading" else ""
    return Loaded(title, tuple(blocks))


def _read_part(lines: list[str], *, first: bool) -> list[Block]:
    if not lines:
        return []
    if len(lines) > 1 and UNDERLINE.match(lines[1]):
        level = 1 if lines[1].strip()[0] == "=" or first else 2
        return [Block("heading", tidy(lines[0]), level), *_read_part(lines[2:], first=False)]
    if UNDERLINE.match(lines[0]):
        return _read_part(lines[1:], first=first)
    if first and len(lines) == 1 and _short(lines[0]):
        return [Block("heading", tidy(lines[0]), 1)]
    if _is_heading(lines[0]):
        return [Block("heading", tidy(lines[0]), 2), *_read_part(lines[1:], first=False)]
    return _paragraphs(lines)


def _short(line: str) -> bool:
    return len(line.strip()) <= LONGEST_HEADING and not line.rstrip().endswith((".", "!", ":", ";", ","))


def _is_heading(line: str) -> bool:
    letters = [char for char in line if char.isalpha()]
    return len(letters) > 2 and line.upper() == line and _short(line) and not ITEM.match(line)  # noqa: PLR2004


def _paragraphs(lines: list[str]) -> list[Block]:
    """Lists keep their items; "Name: value" lines stand alone; the rest is one flowing paragraph."""
    blocks: list[tuple[Kind, list[str]]] = []
    length = 0  # of the last block, so far
    for line in lines:
        if ITEM.match(line):
            blocks.append(("item", [tidy(ITEM.sub("", line))]))
            length = -1
        elif blocks and _flows(length, line):
            blocks[-1][1].append(tidy(line))
        else:
            blocks.append(("paragraph", [tidy(line)]))
            length = -1
        length += 1 + len(blocks[-1][1][-1])
    return [Block(kind, " ".join(parts)) for kind, parts in blocks]


def _flows(length: int, line: str) -> bool:
    """True where `line` goes on with what is `length` long so far: that is in mid-sentence, this no new entry."""
    if re.match(r"^[^.:]{1,40}:\s", line):
        return False
    return line.startswith((" ", "\t")) or length > LONGEST_HEADING or line[:1].islower()


TEXT = Loader(
    "text",
    (".txt", ".text", ".log"),
    ("text/plain",),
    looks_like=lambda _: False,  # anything can be text, so the bytes alone never decide for it
    load=load_text,
)
