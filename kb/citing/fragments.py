"""Deep links: to a page of a PDF, and to words on a web page, as the WICG's Text Fragments write them.

A browser looks for `prefix-,start,end,-suffix`: prefix and suffix must stand right beside the text; each of the four
must lie inside one block element, without a line break, and begin and end between words; case and accents are nothing.
So sentences of some length are named by their first and last words, rows by cells that stand side by side, and where it
can't be known how the page is set, there are two directives, of which a page has one.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

ADDRESS = re.compile(r"(?:https?://[^/\\]|/(?![/\\]))[^\x00-\x1f\x7f\\]*", re.IGNORECASE)  # absolute, or of this site
# A word, or where words are not set apart what stands between two marks: a browser finds no half words.
UNIT = re.compile(r"[^\s、，；：。！？]+[、，；：。！？」』]*|[、，；：。！？「『]+")
EXACT = 8  # units up to which a sentence is named whole
EXACT_CHARS = 160  # and characters, where it has fewer units
END_CHARS, END_UNITS = 18, 4  # the least that names the beginning or end of a sentence
ALONE_CHARS = 14  # the least that needs no prefix
MOST_UNITS = 12  # the most, where less of it is not unique
CONTEXT = 4  # units of a prefix or suffix
NAMED = re.compile(r"(?P<name>[^:|]{1,60}): (?P<value>[^|]+)")
MARK = re.compile(r"^(?:#{1,6} |- )", re.MULTILINE)

Span = tuple[int, int]


def deep_link(url: str, text: str, span: Span, *, page: int | None = None, anchor: str = "") -> str:
    """`url` with what leads to `text[span]`; "" where `url` is no address that a browser opens (a path, nothing).

    `text` is the whole passage as Markdown. A fragment that the address has is kept, and goes before `anchor`.
    """
    if not ADDRESS.fullmatch(url):
        return ""
    base, _, kept = re.sub(r"\s", "%20", url).partition("#")
    kept = kept.partition(":~:")[0]
    if page is not None:
        return f"{base}#{kept}" if "page=" in kept else f"{base}#{kept}{'&' if kept else ''}page={page}"
    directives = "&".join(f"text={one}" for one in dict.fromkeys(_directives(text, span)))
    return f"{base}#{kept or quote(anchor, safe='')}" + (f":~:{directives}" if directives else "")


def _directives(text: str, span: Span) -> Iterator[str]:
    start, end = span
    line = text[start:end]
    if not line.strip():
        return
    cells = line.split(" | ")
    if len(cells) > 1:
        yield from _row(cells, text, span)
        if any(": " in cell for cell in cells):
            return
    elif (pair := NAMED.fullmatch(line)) and _whole_line(text, span):
        # A row of two cells, or a paragraph with a colon in it: a page has one of the two.
        yield f"{_encoded(_tail(pair['name']))}-,{_encoded(_head(pair['value']))}"
    yield _prose(text, span)


def _row(cells: list[str], text: str, span: Span) -> Iterator[str]:
    """Cells behind the one beside them: "Norway-,9.90 EUR,3-5 days"; also without the first, as it may span rows."""
    values = [_value(cell) for cell in cells]
    twice = _find(text, " ".join(values[:2])) >= 0  # a sentence says the same as the two cells do
    more = len(values) > 2  # noqa: PLR2004
    if not (twice and more):
        below = _head(_beside(text[span[1] :], 0)) if twice else ""
        yield _cells(values) + (f",-{_encoded(below)}" if below else "")
    if more and (twice or text.count(" | ".join(cells[1:3])) == 1):
        yield _cells(values[1:])


def _value(cell: str) -> str:
    """A cell without its header."""
    return cell.partition(": ")[2] or cell


def _cells(values: list[str]) -> str:
    first, second, *rest = values
    long = len(UNIT.findall(second)) > EXACT
    last = rest[-1] if rest else second if long else ""
    shown = _encoded(_head(second) if long else second) + (f",{_encoded(_tail(last))}" if last else "")
    return f"{_encoded(_tail(first))}-,{shown}"


def _prose(text: str, span: Span) -> str:
    start, end = span
    units = [(start + unit.start(), start + unit.end()) for unit in UNIT.finditer(text[start:end])]
    if len(units) <= EXACT and end - start <= EXACT_CHARS:
        return _in_context(text, span, "")
    head, tail = _ends(text, units)
    if tail[0] <= head[1]:
        return _in_context(text, span, "")
    return _in_context(text, head, f",{_encoded(text[slice(*tail)])}")


def _ends(text: str, units: list[Span]) -> tuple[Span, Span]:
    """The first and the last words, as few as are found where they are: a line break may be anywhere between words."""
    head, tail = units[0], units[-1]
    for count, unit in enumerate(units[:MOST_UNITS], start=1):
        head = (head[0], unit[1])
        if _enough(head, count) and _find(text, text[slice(*head)]) == head[0]:
            break
    for count, unit in enumerate(units[:-MOST_UNITS:-1], start=1):
        tail = (unit[0], tail[1])
        if _enough(tail, count) and _find(text, text[slice(*tail)], head[1]) == tail[0]:
            break
    return head, tail


def _enough(span: Span, count: int) -> bool:
    return span[1] - span[0] >= END_CHARS and (count >= END_UNITS or span[1] - span[0] > 2 * END_CHARS)


def _in_context(text: str, span: Span, rest: str) -> str:
    """The words, and what stands before them where they alone may be found in another place."""
    start, end = span
    said = text[start:end]
    where = f"{_encoded(said)}{rest}"
    if _find(text, said) == start and (rest or end - start >= ALONE_CHARS):
        return where
    if before := _tail(_beside(text[:start], -1)):
        return f"{_encoded(before)}-,{where}"
    after = "" if rest else _head(_beside(text[end:], 0))
    return f"{where},-{_encoded(after)}" if after else where


def _beside(text: str, which: int) -> str:
    """What a reader sees on the first (0) or last (-1) line of `text` that has anything: of a row that cell alone."""
    lines = MARK.sub("", text).strip().split("\n")
    cells = lines[which].split(" | ")
    return _value(cells[which]) if len(cells) > 1 else cells[0]


def _head(text: str) -> str:
    found = list(UNIT.finditer(text))[:CONTEXT]
    return text[found[0].start() : found[-1].end()] if found else ""


def _tail(text: str) -> str:
    found = list(UNIT.finditer(text))[-CONTEXT:]
    return text[found[0].start() : found[-1].end()] if found else ""


def _find(text: str, said: str, start: int = 0) -> int:
    """Where a browser finds `said` first; -1 for nowhere."""
    found = re.compile(re.escape(said), re.IGNORECASE).search(text, start)
    return found.start() if found else -1


def _whole_line(text: str, span: Span) -> bool:
    start, end = span
    return (start == 0 or text[start - 1] == "\n") and (end == len(text) or text[end] == "\n")


def _encoded(text: str) -> str:
    """As a directive holds it: `-`, `,` and `&` have a meaning of their own there."""
    return quote(text, safe="").replace("-", "%2D")
