"""Readings of a text: as it stands, with its escapes undone, with its digits no longer spelled out.

In every reading digits and dashes are ASCII, spaces are spaces, and what cannot be seen is gone; a reading knows
where each of its characters comes from.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from core.privacy.spelled import SPELLED, digits_of, worth_reading

ROUNDS = 3  # an entity within an entity within a URL
ENTITY = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
ESCAPE = re.compile(
    rf"(?:%[0-9a-fA-F]{{2}})+|\\u[0-9a-fA-F]{{4}}|\\x[0-9a-fA-F]{{2}}|\\[nrt]|{ENTITY}|</?[A-Za-z][^<>]{{0,80}}>"
)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
UNSEEN = {"Cf", "Cc", "Mn", "Me", "Cs"}


@dataclass(frozen=True)
class Plain:
    """`text` to look for data in; character i of it stands at `starts[i]:ends[i]` of what was given (None: at i)."""

    text: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def given(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in what was given; `start` < `end`."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def readings(text: str) -> Iterator[Plain]:
    """The different ways to read `text`, at most three. All of them must be searched: undoing may also hide."""
    seen = _seen(Plain(text))
    yield seen
    undone = seen
    for _ in range(ROUNDS):
        if ESCAPE.search(undone.text) is None:
            break
        undone = _seen(_replaced(undone, ESCAPE, _undo))
    if undone is not seen:
        yield undone
    if worth_reading(undone.text):
        yield _replaced(undone, SPELLED, lambda found: [(digits_of(found), 0, len(found))])


def _seen(plain: Plain) -> Plain:
    """`plain` without what cannot be seen, and with its look-alikes as the one that they look like."""
    if plain.text.isascii() and CONTROLS.search(plain.text) is None:
        return plain
    made: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for at, char in enumerate(plain.text):
        shown = char if " " <= char <= "~" else _shown(char)
        start, end = plain.given(at, at + 1)
        made.append(shown)
        starts += [start] * len(shown)
        ends += [end] * len(shown)
    return Plain("".join(made), tuple(starts), tuple(ends))


@lru_cache(maxsize=4096)
def _shown(char: str) -> str:
    if char in "\t\n\r":
        return char
    category = unicodedata.category(char)
    if category in UNSEEN:
        return ""
    if (digit := unicodedata.digit(char, None)) is not None:
        return str(digit)
    if category == "Pd" or char == "\N{MINUS SIGN}":
        return "-"
    if category[0] == "Z":
        return " " if category == "Zs" else "\n"
    alike = unicodedata.normalize("NFKC", char)
    return alike if alike.isascii() else char


Piece = tuple[str, int, int]  # a text, and what part of the match it stands for


def _replaced(plain: Plain, pattern: re.Pattern[str], pieces: Callable[[str], list[Piece]]) -> Plain:
    """`plain` with each match of `pattern` given in other words."""
    made: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0

    def copy(until: int) -> None:
        made.append(plain.text[at:until])
        starts.extend(plain.starts[at:until] if plain.starts is not None else range(at, until))
        ends.extend(plain.ends[at:until] if plain.ends is not None else range(at + 1, until + 1))

    for match in pattern.finditer(plain.text):
        copy(match.start())
        at = match.end()
        for text, start, end in pieces(match.group()):
            first, last = plain.given(match.start() + start, match.start() + end)
            made.append(text)
            starts.extend([first] * len(text))
            ends.extend([last] * len(text))
    copy(len(plain.text))
    return Plain("".join(made), tuple(starts), tuple(ends))


def _undo(escape: str) -> list[Piece]:
    if escape[0] == "%":
        return _percent(escape)
    if escape[0] == "&":
        return [(html.unescape(escape), 0, len(escape))]
    if escape[0] == "<":
        return []  # markup between two digits is nothing to see
    if escape[1] in "ux":
        return [(chr(int(f"0x{escape[2:]}", 0)), 0, len(escape))]
    return [("\n" if escape[1] in "nr" else "\t", 0, len(escape))]


def _percent(escape: str) -> list[Piece]:
    """Each character of a URL's escapes with its own `%..`; bytes that are no text each become half a character."""
    made, at = [], 0
    for char in bytes.fromhex(escape.replace("%", "")).decode("utf-8", "surrogateescape"):
        size = 3 * len(char.encode("utf-8", "surrogateescape"))
        made.append((char, at, at + size))
        at += size
    return made
