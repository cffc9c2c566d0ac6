"""Passages as a search reads them: their terms line by line, worked out once and kept by what the passage says."""

from bisect import bisect_left
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, pairwise

from kb.analysis import terms
from kb.search.candidate import Candidate
from kb.search.lines import lines

KEPT = 2048  # passages, of 5 kB or so each
SKETCH = 24


@dataclass(frozen=True, slots=True)
class Span:
    """A line that is no heading: the place of its terms in `Reading.terms`, and the terms of what stands above it."""

    begin: int
    end: int
    above: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The terms of a passage, headings within it included, and those of its title and section."""

    terms: tuple[str, ...]
    headings: tuple[str, ...]
    spans: tuple[Span, ...]
    sketch: frozenset[int]  # the smallest hashes of its pairs of terms

    def hits(self, asked: Container[str]) -> list[int]:
        """Where in `terms` one of `asked` stands, in order."""
        return list(compress(range(len(self.terms)), map(asked.__contains__, self.terms)))

    def held(self, asked: Mapping[str, float]) -> list[frozenset[str]]:
        """Of each line, which of `asked` it has itself or in what stands above it."""
        hits, found, above = self.hits(asked), [], dict[tuple[str, ...], frozenset[str]]()
        first = 0
        for span in self.spans:
            if span.above not in above:
                above[span.above] = frozenset(filter(asked.__contains__, span.above))
            first = bisect_left(hits, span.begin, first)
            last = bisect_left(hits, span.end, first)
            own = [self.terms[at] for at in hits[first:last]]
            found.append(above[span.above].union(own) if own else above[span.above])
        return found

    def said(self, number: int) -> frozenset[str]:
        """All terms of a line, and those above it."""
        span = self.spans[number]
        return frozenset((*self.terms[span.begin : span.end], *span.above))


def reading(one: Candidate) -> Reading:
    """How `one` reads. Passages are asked for again and again."""
    return _read(one.title, one.section, one.text, one.language)


@lru_cache(maxsize=KEPT)
def _read(title: str, section: str, text: str, language: str) -> Reading:
    found: list[str] = []
    ends = [0]
    for line in text.splitlines():
        found += terms(line, language)
        ends.append(len(found))
    above: dict[tuple[str, ...], tuple[str, ...]] = {}
    spans = []
    for one in lines(section, text):
        if one.headings not in above:
            above[one.headings] = tuple(terms(" ".join((title, *one.headings)), language))
        spans.append(Span(ends[one.number], ends[one.number + 1], above[one.headings]))
    sketch = frozenset(sorted(set(map(hash, pairwise(found))))[:SKETCH])
    return Reading(tuple(found), tuple(terms(f"{title} {section}", language)), tuple(spans), sketch)
