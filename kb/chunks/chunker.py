"""Blocks into chunks of 512 to 800 tokens, cut at headings and paragraphs, each knowing its section and its place."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from kb.chunks.pieces import Limits, Piece, document_text, last_sentences, pieces
from kb.chunks.places import Place
from kb.loaders import Block

SEPARATOR = " › "

__all__ = ["SEPARATOR", "Passage", "Place", "Sizes", "chunk", "document_text"]


@dataclass(frozen=True)
class Sizes:
    """In tokens: a chunk is closed at a heading from `least` on, never grows over `most`, and repeats `overlap`."""

    least: int = 512
    most: int = 800
    overlap: int = 80

    @property
    def limits(self) -> Limits:
        """What fits into a chunk together with its heading; a row only goes over that to stay whole."""
        return Limits(self.least, self.most - self.overlap, self.most - self.least)


@dataclass(frozen=True)
class Passage:
    """One chunk before it is stored: `document_text(blocks)[start:start + len(text)] == text`, in characters."""

    section: str  # the deepest heading path that all of it shares
    page: int | None  # where it begins
    text: str  # Markdown
    tokens: int
    start: int = 0
    places: tuple[Place, ...] = ()  # from which character of `text` on which page and anchor; the first is at 0

    @property
    def content_hash(self) -> str:
        """What must change for the chunk to be another one; it may move to another place and stay what it is."""
        return hashlib.sha256(f"{self.section}\n{self.text}".encode()).hexdigest()


def chunk(blocks: tuple[Block, ...], sizes: Sizes | None = None) -> list[Passage]:
    """Passages in reading order. A document of at most `most` tokens is one; rows and headings are never cut."""
    sizes = sizes or Sizes()
    text = document_text(blocks)
    cut = list(pieces(blocks, sizes.limits))
    short = sum(piece.tokens for piece in cut) <= sizes.most
    return [_passage(text, group) for group in ([cut] if short else _grouped(text, cut, sizes)) if group]


def _grouped(text: str, cut: list[Piece], sizes: Sizes) -> list[list[Piece]]:
    """Fill groups up: close at a heading when the group is large enough, and wherever the next piece does not fit."""
    groups: list[list[Piece]] = [[]]
    size = carried = 0  # tokens of the group, and how many of its pieces are repeated from the one before
    for piece, needed in zip(cut, _needs(cut, sizes.most), strict=True):
        group = groups[-1]
        if len(group) > carried and (size + needed > sizes.most or (piece.heads and size >= sizes.least)):
            # At a heading a new subject begins: what stands before it would only mislead.
            repeated = [] if piece.heads else _overlap(text, group, min(sizes.overlap, sizes.most - needed))
            carried, size = len(repeated), sum(one.tokens for one in repeated)
            groups.append(repeated)
        groups[-1].append(piece)
        size += piece.tokens
    return groups


def _needs(cut: list[Piece], most: int) -> list[int]:
    """The room that each piece needs: a heading must not be the last of its chunk, so what follows has to fit, too."""
    needs: list[int] = []
    after = 0
    for piece in reversed(cut):
        together = piece.tokens + after
        after = together if piece.heads and together <= most else piece.tokens
        needs.append(after)
    return needs[::-1]


def _overlap(text: str, group: list[Piece], most: int) -> list[Piece]:
    """The last pieces of `group`, at most `most` tokens; of a longer last paragraph its last sentences."""
    kept: list[Piece] = []
    room = most
    for piece in reversed(group):
        if piece.heads:
            break
        if piece.tokens > room:
            part = None if kept or piece.block.kind == "row" else last_sentences(text, piece, room)
            return [part] if part else kept[::-1]
        kept.append(piece)
        room -= piece.tokens
    return kept[::-1]


def _passage(text: str, group: list[Piece]) -> Passage:
    start, end = group[0].start, group[-1].end
    return Passage(
        section=_shared(group),
        page=next((piece.block.page for piece in group if piece.block.page), None),
        text=text[start:end],
        tokens=sum(piece.tokens for piece in group),
        start=start,
        places=tuple(_places(group)),
    )


def _places(group: list[Piece]) -> Iterator[Place]:
    """Where a page or an anchor begins."""
    last: tuple[int | None, str] | None = None
    for piece in group:
        here = (piece.block.page, piece.block.anchor)
        if here != last:
            yield piece.start - group[0].start, *here
        last = here


def _shared(group: list[Piece]) -> str:
    # A heading that opens the chunk must not hide the deeper one that its text stands under.
    paths = [piece.path for piece in group if not piece.heads] or [piece.path for piece in group]
    shared = paths[0]
    for path in paths[1:]:
        if path is not shared:
            same = (at for at, (one, other) in enumerate(zip(shared, path, strict=False)) if one != other)
            shared = shared[: next(same, min(len(shared), len(path)))]
    return SEPARATOR.join(shared)
