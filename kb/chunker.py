"""Blocks into chunks of 512 to 800 tokens, cut at headings and paragraphs, each knowing its section."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.loaders import Block
from kb.tokens import count_tokens

SEPARATOR = " › "
SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])")


@dataclass(frozen=True)
class Sizes:
    """In tokens: a chunk is closed at a heading from `least` on, never grows over `most`, and repeats `overlap`."""

    least: int = 512
    most: int = 800
    overlap: int = 80


@dataclass(frozen=True)
class Passage:
    """One chunk before it is stored. `text` is Markdown: "## " heads a section, "- " an item; rows have a line each."""

    section: str  # the deepest heading path that all of it shares
    page: int | None
    text: str
    tokens: int

    @property
    def content_hash(self) -> str:
        """What must change for the chunk to be another one."""
        return hashlib.sha256(f"{self.section}\n{self.text}".encode()).hexdigest()


@dataclass(frozen=True)
class _Piece:
    block: Block
    path: tuple[str, ...]
    tokens: int

    @property
    def markdown(self) -> str:
        if self.block.kind == "heading":
            return f"{'#' * min(self.block.level, 6)} {self.block.text}"
        return f"- {self.block.text}" if self.block.kind == "item" else self.block.text


def chunk(blocks: tuple[Block, ...], sizes: Sizes | None = None) -> list[Passage]:
    """Passages in reading order. A document of at most `most` tokens is one; rows and headings are never cut."""
    sizes = sizes or Sizes()
    pieces = list(_pieces(blocks, sizes))
    if sum(piece.tokens for piece in pieces) <= sizes.most:
        groups = [pieces] if pieces else []
    else:
        groups = _grouped(pieces, sizes)
    return [_passage(group) for group in groups]


def _pieces(blocks: tuple[Block, ...], sizes: Sizes) -> Iterator[_Piece]:
    path: list[tuple[int, str]] = []
    for block in blocks:
        if block.kind == "heading":
            path = [(level, text) for level, text in path if level < block.level]
            path.append((block.level, block.text))
        for part in _split(block, sizes.least):
            yield _Piece(part, tuple(text for _, text in path), count_tokens(part.text) + (block.kind != "paragraph"))


def _split(block: Block, limit: int) -> list[Block]:
    """A block that is too long alone, cut between sentences, or words, or anywhere when it has neither."""
    if count_tokens(block.text) <= limit or block.kind == "heading":
        return [block]
    parts = [""]
    for sentence in _short_enough(block.text, limit):
        if parts[-1] and count_tokens(parts[-1]) + count_tokens(sentence) > limit:
            parts.append("")
        parts[-1] = f"{parts[-1]} {sentence}".strip()
    return [Block(block.kind, part, block.level, block.page) for part in parts]


def _short_enough(text: str, limit: int) -> Iterator[str]:
    for sentence in SENTENCE_END.split(text):
        words = sentence.split(" ") if count_tokens(sentence) > limit else [sentence]
        for word in words:
            # A token is at least one character, so a slice of `limit` characters is short enough.
            yield from (
                (word[at : at + limit] for at in range(0, len(word), limit)) if count_tokens(word) > limit else [word]
            )


def _grouped(pieces: list[_Piece], sizes: Sizes) -> list[list[_Piece]]:
    """Fill groups up: close at a heading when the group is large enough, and wherever the next piece does not fit."""
    groups: list[list[_Piece]] = [[]]
    size = carried = 0  # tokens of the group, and how many of its pieces are repeated from the one before
    for position, piece in enumerate(pieces):
        group = groups[-1]
        heads = piece.block.kind == "heading"
        # A heading must not be the last of its chunk, so what follows it has to fit as well.
        needed = piece.tokens + (pieces[position + 1].tokens if heads and position + 1 < len(pieces) else 0)
        if len(group) > carried and (size + needed > sizes.most or (heads and size >= sizes.least)):
            # At a heading a new subject begins: what stands before it would only mislead.
            repeated = [] if heads else _overlap(group, min(sizes.overlap, sizes.most - needed))
            carried, size = len(repeated), sum(one.tokens for one in repeated)
            groups.append(repeated)
        groups[-1].append(piece)
        size += piece.tokens
    return groups


def _overlap(group: list[_Piece], most: int) -> list[_Piece]:
    """The last pieces of `group`, at most `most` tokens; of a longer last paragraph its last sentences."""
    kept: list[_Piece] = []
    room = most
    for piece in reversed(group):
        if piece.block.kind == "heading" or piece.tokens > room:
            if not kept and piece.block.kind != "heading":
                kept = _last_sentences(piece, room)
            break
        kept.insert(0, piece)
        room -= piece.tokens
    return kept


def _last_sentences(piece: _Piece, most: int) -> list[_Piece]:
    if piece.block.kind == "row":
        return []
    text = ""
    for sentence in reversed(SENTENCE_END.split(piece.block.text)):
        if count_tokens(f"{sentence} {text}") > most:
            break
        text = f"{sentence} {text}".strip()
    block = Block(piece.block.kind, text, piece.block.level, piece.block.page)
    return [_Piece(block, piece.path, count_tokens(text))] if text else []


def _passage(group: list[_Piece]) -> Passage:
    parts: list[str] = []
    for before, piece in zip([None, *group], group, strict=False):
        # Rows and items belong together: a line each; all else is set apart by an empty line.
        close = before is not None and before.block.kind == piece.block.kind and piece.block.kind in {"row", "item"}
        parts.append(("\n" if close else "\n\n") + piece.markdown)
    page = next((piece.block.page for piece in group if piece.block.page), None)
    return Passage(_shared(group), page, "".join(parts).strip(), sum(piece.tokens for piece in group))


def _shared(group: list[_Piece]) -> str:
    # A heading that opens the chunk must not hide the deeper one that its text stands under.
    paths = [piece.path for piece in group if piece.block.kind != "heading"] or [piece.path for piece in group]
    shared = paths[0]
    for path in paths[1:]:
        shared = tuple(one for at, one in enumerate(shared[: len(path)]) if path[: at + 1] == shared[: at + 1])
    return SEPARATOR.join(shared)
