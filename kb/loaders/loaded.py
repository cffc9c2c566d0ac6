"""What a loader gives: a title and blocks in reading order."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "paragraph", "row", "item"]


@dataclass(frozen=True)
class Block:
    """The smallest piece that is never cut in the middle of its meaning. `row` is one table row with its headers."""

    kind: Kind
    text: str
    level: int = 0  # of a heading, from 1; of an item, how many lists are around its own
    page: int | None = None  # of a PDF, from 1
    anchor: str = ""  # of a web page: `url#anchor` leads to this block or a little above it; "" where nothing does


@dataclass(frozen=True)
class Loaded:
    """One document as read: title ("" where it has none), blocks, and the language that it says it is in."""

    title: str
    blocks: tuple[Block, ...]
    language: str = ""  # ISO 639-1 as the document declares it ("en"), "" where it does not


@dataclass(frozen=True)
class Loader:
    """One format: how it is recognised, and how it is read. `load(data)` raises DocumentUnreadable."""

    name: str
    suffixes: tuple[str, ...]
    content_types: tuple[str, ...]
    looks_like: Callable[[bytes], bool]  # by the bytes alone; they outrank name and content type
    load: Callable[[bytes], Loaded]


def tidy(text: str) -> str:
    """`text` on one line, with single spaces and without invisible characters."""
    # Not U+200C and U+200D: Persian spells with the one, emoji are joined by the other.
    return re.sub(r"\s+", " ", re.sub("[\u00ad\u200b\ufeff\x00]", "", text)).strip()


def table_rows(rows: list[list[str]], *, headed: bool = True, page: int | None = None) -> list[Block]:
    """One block per row, each with the header repeated ("Country: Norway | Price: 9.90 EUR"), so that it stands alone.

    Two columns without a header are a name and its value ("Weight: 430 g").
    """
    filled = [[tidy(cell) for cell in row] for row in rows if any(tidy(cell) for cell in row)]
    if headed and len(filled) > 1:
        header, *body = filled
    else:
        header, body = [], filled
        if all(len(row) == 2 for row in body):  # noqa: PLR2004
            return [Block("row", ": ".join(filter(None, row)), page=page) for row in body]
    return [Block("row", _row(header, row), page=page) for row in body]


def _row(header: list[str], row: list[str]) -> str:
    named = header + [""] * (len(row) - len(header))
    cells = (f"{name}: {cell}" if name else cell for name, cell in zip(named, row, strict=False) if cell)
    return " | ".join(cells)
