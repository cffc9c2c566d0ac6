"""The text of a document, and the pieces that it may be cut into: blocks, or parts of those too long to be one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.chunks.tokens import count_tokens
from kb.loaders import Block

SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])")
SPACE = re.compile(r"\s+")
CELL_END = re.compile(r"\s\|\s")
HEADING_CHARS = 200  # of a heading in the path of those below it: a page of text marked as one must not be repeated

Path = tuple[str, ...]
Span = tuple[int, int]


@dataclass(frozen=True)
class Limits:
    """The most tokens of one piece, by what it is."""

    prose: int
    row: int
    heading: int  # a longer one heads nothing: it is prose


@dataclass(frozen=True, slots=True)
class Piece:
    """What is never cut: `document_text(blocks)[start:end]`, and the headings that it stands under."""

    block: Block
    heads: bool
    path: Path
    start: int
    end: int
    tokens: int


def document_text(blocks: tuple[Block, ...]) -> str:
    """The document as Markdown: "## " heads a section, "- " an item; rows and items of one list have a line each."""
    return "".join(gap + _mark(block) + block.text.strip() for gap, block in _set_apart(blocks))


def pieces(blocks: tuple[Block, ...], limits: Limits) -> Iterator[Piece]:
    """The pieces in reading order; between two of them there is nothing but white space (or the bar between cells)."""
    path: list[tuple[int, str]] = []
    names: Path = ()
    at = 0
    for gap, block in _set_apart(blocks):
        text, start, tokens = block.text.strip(), at + len(gap), count_tokens(block.text)
        body = start + len(_mark(block))
        at = body + len(text)
        heads = block.kind == "heading" and tokens <= limits.heading
        if heads:
            path = [(level, name) for level, name in path if level < block.level]
            path.append((block.level, _name(text)))
            names = tuple(name for _, name in path)
        extra = int(block.kind != "paragraph")  # the mark, or the end of the line
        most = limits.row if block.kind == "row" else limits.prose
        if tokens <= most:
            yield Piece(block, heads, names, start, at, tokens + extra)
        else:
            for first, last, size in _parts(text, block, most):
                yield Piece(block, heads, names, body + first if first else start, body + last, size + extra)


def last_sentences(text: str, piece: Piece, most: int) -> Piece | None:
    """As many whole sentences from the end of `piece`, in the document's `text`, as have at most `most` tokens."""
    start = piece.end
    tokens = 0
    for first, last in reversed(list(_spans(SENTENCE_END, text, (piece.start, piece.end)))):
        size = count_tokens(text[first:last])
        if tokens + size > most:
            break
        start, tokens = first, tokens + size
    return Piece(piece.block, False, piece.path, start, piece.end, tokens) if start < piece.end else None


def _set_apart(blocks: tuple[Block, ...]) -> Iterator[tuple[str, Block]]:
    """Every block that has a text, after what sets it apart from the one before."""
    before: Block | None = None
    for block in blocks:
        if not block.text.strip():
            continue
        # Rows and items belong together: a line each; all else is set apart by an empty line.
        close = before is not None and before.kind == block.kind and block.kind in {"row", "item"}
        yield ("" if before is None else "\n" if close else "\n\n"), block
        before = block


def _mark(block: Block) -> str:
    if block.kind == "heading":
        return f"{'#' * max(1, min(block.level, 6))} "
    return "- " if block.kind == "item" else ""


def _name(heading: str) -> str:
    return heading if len(heading) <= HEADING_CHARS else f"{heading[:HEADING_CHARS].rsplit(' ', 1)[0]}…"


def _parts(text: str, block: Block, most: int) -> Iterator[tuple[int, int, int]]:
    """Start, end and tokens of the parts of a text that is too long: each as large as may be."""
    breaks = (CELL_END, SPACE) if block.kind == "row" else (SENTENCE_END, SPACE)
    start = end = size = 0
    for first, last, tokens in _atoms(text, (0, len(text)), breaks, most):
        if size and size + tokens > most:
            yield start, end, size
            start, size = first, 0
        end, size = last, size + tokens
    yield start, end, size


def _atoms(text: str, span: Span, breaks: tuple[re.Pattern[str], ...], most: int) -> Iterator[tuple[int, int, int]]:
    """Sentences; of one that is too long its words; of a word that is too long slices."""
    start, end = span
    tokens = count_tokens(text[start:end])
    if tokens <= most:
        yield start, end, tokens
    elif breaks:
        for part in _spans(breaks[0], text, span):
            yield from _atoms(text, part, breaks[1:], most)
    else:
        # A token is at least one character, so a slice of `most` characters is short enough.
        for at in range(start, end, most):
            last = min(at + most, end)
            yield at, last, count_tokens(text[at:last])


def _spans(between: re.Pattern[str], text: str, span: Span) -> Iterator[Span]:
    """What lies between the matches of `between`, without the empty ones."""
    start, end = span
    for match in between.finditer(text, start, end):
        if match.start() > start:
            yield start, match.start()
        start = match.end()
    if start < end:
        yield start, end
