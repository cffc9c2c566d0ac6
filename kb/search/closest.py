"""The sentence among the candidates that comes closest to a question, and how the question's words fare in it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from kb.analysis import term, terms
from kb.embeddings.meanings import vectors
from kb.search.candidate import Candidate
from kb.search.kin import kin
from kb.search.lines import Line, lines, pieces, placed
from kb.search.query import Query
from kb.search.reading import reading
from kb.search.rerank import coverage

LINES = 24  # whose sentences come into question
SENTENCES = 8  # that are compared with the question by meaning …
OF_ONE = 3  # … at most so many of one passage
COVERED = 0.4  # what the terms in a sentence count beside its cosine, where the closest one is chosen
PART = re.compile(r"(?<=[.?!])\s+")
LEAST_WORDS = 3  # of a part of the question that is compared alone
MOST_PARTS = 4

Worth = dict[str, dict[str, float]]  # language → the question's terms as texts in it have them → what each is worth


@dataclass(frozen=True)
class PlacedLine:
    """A line of a candidate, and how well it stands to the question."""

    candidate: Candidate
    number: int  # among the lines of its passage
    held: frozenset[str]  # of the question's terms, by it and what stands above it
    covered: float

    @property
    def near(self) -> float:
        """The cosine of its passage to the question."""
        return self.candidate.cosine

    @property
    def line(self) -> Line:
        """As it is written."""
        return next(islice(lines(self.candidate.section, self.candidate.text), self.number, None))


@dataclass(frozen=True)
class Closest:
    """How the closest sentence stands to the part of the question that it is closest to; each about 0 to 1."""

    said: float  # cosine
    weakest: float  # as in kb.search.kin.Kin, and so is `aside`
    aside: float


@dataclass(frozen=True)
class _Piece:
    text: str  # headed by its title and heading
    covered: float
    near: float
    chunk_id: int


def closest(best: Sequence[PlacedLine], query: Query, worth: Worth) -> Closest | None:
    """Of `best`, the likeliest first. None without the local model, or where there is nothing to compare."""
    likely = list(_likely(best, worth))
    asked = _parts(query.text)
    made = vectors([*asked, *(piece.text for piece in likely)]) if likely and asked else None
    if made is None:
        return None
    cosines = made[len(asked) :] @ made[: len(asked)].T
    fit = cosines + COVERED * np.array([[piece.covered] for piece in likely])
    row, column = divmod(int(fit.argmax()), len(asked))
    text = likely[row].text
    found = kin(asked[column], text, text, lambda word: bool(term(word, query.spoken or query.main)))
    return None if found is None else Closest(float(cosines[row, column]), found.weakest, found.aside)


def _likely(best: Sequence[PlacedLine], worth: Worth) -> Iterator[_Piece]:
    """SENTENCES by their terms and the cosine of their passage."""
    found = [piece for line in best[:LINES] for piece in _pieces(line, worth[line.candidate.language])]
    taken: Counter[int] = Counter()
    for piece in sorted(found, key=lambda piece: -piece.covered - piece.near):
        if taken.total() == SENTENCES:
            return
        if taken[piece.chunk_id] < OF_ONE:
            taken[piece.chunk_id] += 1
            yield piece


def _pieces(line: PlacedLine, worth: dict[str, float]) -> Iterator[_Piece]:
    one, written = line.candidate, line.line
    above = frozenset(reading(one).spans[line.number].above)
    for _, text in pieces(written.text):
        held = coverage(worth, above.union(terms(text, one.language)))
        yield _Piece(placed(one.title, written.headings, text), held, one.cosine, one.chunk_id)


def _parts(question: str) -> list[str]:
    """The question whole, and its sentences: a story is often told before what is asked."""
    parts = [part for part in PART.split(question) if len(part.split()) >= LEAST_WORDS]
    return list(dict.fromkeys(filter(None, (question, *parts[-MOST_PARTS:]))))
