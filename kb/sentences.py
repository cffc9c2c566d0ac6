"""Where sentences begin and end, for quotes, answers and checks: plain rules that never change the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A sentence ends at . ! ? … (with closing quotes or brackets, and citation marks such as [c12] or [1]) before white
# space, at a Chinese or Japanese mark whatever follows, or at a line break. Not after an initial, an abbreviation, or
# the number of a list item.
MARKS = r"(?:\s*\[c?\d+\])*"
END = re.compile(rf"(?:[.!?…؟۔।]+[\"'”’)\]]*{MARKS}(?=\s)|[。！？｡]+[」』”’）]*{MARKS}|\n+)")
ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|approx|ca|incl|excl|max|min|no|nr|vs|st|dr|mr|mrs|ms|inc|ltd|tel|fig|art|bzw|z\.B|p\.ej)"
    r"|\b[A-Z]|(?:^|\n)\s*\d{1,3})\.$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Sentence:
    """A sentence and where it stands: `text == source[start:end]`."""

    text: str
    start: int
    end: int


def sentences(text: str) -> list[Sentence]:
    """The sentences of `text` in order, without the white space between them."""
    return list(_trimmed(text, _cuts(text)))


def complete_until(text: str) -> int:
    """How much of a text that is still growing consists of whole sentences: only what lies before a later word.

    A sentence counts as whole when something other than a citation mark has begun after it, because a mark that
    belongs to it may still be coming.
    """
    whole = 0
    for start, end in _cuts(text):
        if text[end:].strip() and not re.match(r"\s*\[?$|\s*\[c?\d*\]?$", text[end:]):
            whole = end
        del start
    return whole


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in END.finditer(text):
        if not match.group().startswith("\n") and ABBREVIATION.search(text[start : match.end()]):
            continue
        yield start, match.end()
        start = match.end()
    if start < len(text):
        yield start, len(text)


def _trimmed(text: str, cuts: Iterator[tuple[int, int]]) -> Iterator[Sentence]:
    for start, end in cuts:
        body = text[start:end]
        kept = body.strip()
        if kept:
            first = start + body.index(kept)
            yield Sentence(kept, first, first + len(kept))
