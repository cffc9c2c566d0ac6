"""From a claim to the place it rests on: the words of the passage, where they stand, and a link that leads there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from kb.chunks.places import Place, place_at
from kb.citing.fragments import deep_link
from kb.citing.support import Held, Support, terms
from kb.sentences import sentences

QUOTE_CHARS = 300  # of prose; a table row is quoted whole
ROW_CHARS = 1_000
MARK = re.compile(r"(#{1,6} |- )?")  # what the chunker sets before headings and items: no reader of the source sees it
TWO = 0.85  # of its worth that a pair of sentences keeps: it must say clearly more than either of them
KEPT = 512  # passages, of 20 kB or so each
LEAST = 0.1  # a claim of which less than this is found says nothing itself ("Yes."): then all of the answer counts

Span = tuple[int, int]


@dataclass(frozen=True)
class Quotable:
    """A passage as it was found; `start` and `places` as in a Passage of the chunker; `places` is empty if unknown."""

    text: str
    url: str = ""
    page: int | None = None
    start: int = 0
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Pointer:
    """Where something stands: `document_text[start:end] == quote`. `link` is "" where no address leads there.

    A quote lies within one block, so it never holds a mark of ours, and is what a reader sees in the source; but for
    a table row, which is quoted with its headers as the document's text has it. `start` and `end` are None for passages
    from before places were kept.
    """

    quote: str
    start: int | None
    end: int | None
    page: int | None
    anchor: str
    link: str


def point(passage: Quotable, claim: str, answer: str = "") -> Pointer:
    """The sentence or two of `passage` that support `claim` best, one sentence of `answer`."""
    (start, end), _ = best_span(passage.text, claim, answer)
    page, anchor = place_at(passage.places, start, passage.page)
    return Pointer(
        quote=passage.text[start:end],
        start=passage.start + start if passage.places else None,
        end=passage.start + end if passage.places else None,
        page=page,
        anchor=anchor,
        link=deep_link(passage.url, passage.text, (start, end), page=page, anchor=anchor),
    )


def best_span(text: str, claim: str, answer: str = "") -> tuple[Span, float]:
    """Where in `text` the words stand that support `claim` best, and how well they do (0 to 1)."""
    best, score = _best(text, claim)
    if score < LEAST and (other := _best(text, answer))[1] > score:
        best, score = other
    return best, max(score, 0.0)


@lru_cache(maxsize=KEPT)
def _best(text: str, said: str) -> tuple[Span, float]:
    """Of `text`. A sentence is looked for when it is shown, when its answer is checked, and for the answer's record."""
    support, held = _read(text)
    best, score = (0, 0), -1.0
    supports = support.of(terms(said))
    for span, share, words in held:
        if (found := share * supports(words)) > score:
            best, score = span, found
    return best, score


@lru_cache(maxsize=KEPT)
def _read(text: str) -> tuple[Support, tuple[tuple[Span, float, Held], ...]]:
    """What can be quoted of a passage, with its terms: the same passages are cited again and again."""
    lines = list(spans(text))
    alone = [span for line in lines for span in line]
    pairs = [(one[0], other[1]) for line in lines for one, other in pairwise(line) if other[1] - one[0] <= QUOTE_CHARS]
    held = [(span, 1.0, Held.of(text[slice(*span)])) for span in alone]
    support = Support([words for _, _, words in held])
    return support, (*held, *((span, TWO, Held.of(text[slice(*span)])) for span in pairs))


def spans(text: str) -> Iterator[list[Span]]:
    """What can be quoted of each line: a row or an item whole, or sentences; headings only if there is nothing else."""
    headings: list[list[Span]] = []
    bare = True
    at = 0
    for line in text.split("\n"):
        mark = MARK.match(line)
        start, end = at + (mark.end() if mark else 0), at + len(line.rstrip())
        at += len(line) + 1
        if start >= end:
            continue
        if line.startswith("#") and mark and mark.group():
            headings.append(list(_cut(text, (start, end))))
            continue
        bare = False
        whole = ROW_CHARS if " | " in line else QUOTE_CHARS if line.startswith("- ") else 0
        yield [(start, end)] if end - start <= whole else _sentences(text, start, end)
    if bare:
        yield from headings


def _sentences(text: str, start: int, end: int) -> list[Span]:
    whole = [(start + each.start, start + each.end) for each in sentences(text[start:end])]
    return [part for span in whole for part in _cut(text, span)]


def _cut(text: str, span: Span) -> Iterator[Span]:
    """A sentence that is too long to quote, in parts, between words where there are any."""
    start, end = span
    while end - start > QUOTE_CHARS:
        space = text.rfind(" ", start, start + QUOTE_CHARS)
        last = space if space > start else start + QUOTE_CHARS
        yield start, last
        start = last + (space > start)
    if start < end:
        yield start, end
