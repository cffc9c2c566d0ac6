"""Candidates put in order by cheap features: where the question's terms stand, and how close together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from kb.analysis import terms
from kb.lexical import TermStats
from kb.query import Query

FUSED, LINE, HEADINGS = 0.6, 0.25, 0.15  # shares of the final score
ALIKE = 0.7  # share of common word triples from which on two texts are one
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Candidate:
    """A chunk that both legs' ranking proposes, with their scores."""

    chunk_id: int
    document_id: str
    title: str
    section: str
    url: str
    source: str
    text: str
    page: int | None
    updated_at: datetime | None
    fused: float
    lexical: float
    cosine: float
    start: int = 0
    places: tuple[tuple[int, int | None, str], ...] = ()
    version: str = ""


def rerank(candidates: list[Candidate], query: Query, stats: TermStats, keep: int) -> list[tuple[Candidate, float]]:
    """At most `keep` candidates with their score (0 to 1), best first; near-duplicates are dropped."""
    weights = weigh(query, stats)
    scored = [(candidate, score(candidate, weights)) for candidate in distinct(candidates)[:keep]]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].chunk_id))


def weigh(query: Query, stats: TermStats) -> dict[str, float]:
    """The question's terms with what each is worth: its weight times its idf."""
    return {one: weight * stats.idf(one) for one, weight in query.terms}


def score(candidate: Candidate, weights: dict[str, float]) -> float:
    """The fused score, how much of the question its best lines hold, and how much its headings do."""
    headings = coverage(weights, terms(f"{candidate.title} {candidate.section}"))
    return FUSED * candidate.fused + LINE * best_line(candidate.text, weights) + HEADINGS * headings


def coverage(weights: dict[str, float], found: Iterable[str]) -> float:
    """The share of the question's terms, by what they are worth, that are among `found`."""
    present, total = frozenset(found), sum(weights.values())
    return sum(weight for one, weight in weights.items() if one in present) / total if total else 0.0


def best_line(text: str, weights: dict[str, float]) -> float:
    """The highest coverage of two neighbouring lines: terms that stand together belong together."""
    wanted = weights.keys()
    lines = [wanted & line for line in line_terms(text)]
    pairs = zip(lines, [*lines[1:], set[str]()], strict=True)
    return max((coverage(weights, one | other) for one, other in pairs if one or other), default=0.0)


@lru_cache(maxsize=4096)
def line_terms(text: str) -> tuple[frozenset[str], ...]:
    """The terms of each line of a chunk; chunks are asked for again and again."""
    return tuple(frozenset(terms(line)) for line in text.split("\n") if line)


def distinct(candidates: list[Candidate]) -> list[Candidate]:
    """Of texts that are nearly the same only the newest, at the place of the best."""
    kept: list[tuple[Candidate, frozenset[tuple[str, ...]]]] = []
    for candidate in candidates:
        triples = _triples(candidate.text)
        twin = next((at for at, (_, other) in enumerate(kept) if _alike(triples, other)), None)
        if twin is None:
            kept.append((candidate, triples))
        elif (candidate.updated_at or NEVER) > (kept[twin][0].updated_at or NEVER):
            kept[twin] = (candidate, triples)
    return [candidate for candidate, _ in kept]


@lru_cache(maxsize=1024)
def _triples(text: str) -> frozenset[tuple[str, ...]]:
    said = text.casefold().split()
    return frozenset(zip(said, said[1:], said[2:], strict=False)) or frozenset({tuple(said)})


def _alike(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
