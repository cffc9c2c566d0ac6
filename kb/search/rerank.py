"""Candidates put in order by cheap features: how the question's words stand in text and headings; or by a model."""

from collections.abc import Iterable, Sequence
from itertools import compress, pairwise

from kb.errors import RerankerUnavailable
from kb.search.candidate import Candidate
from kb.search.duplicates import distinct
from kb.search.query import Query, TermStats
from kb.search.reading import reading
from kb.search.reranker import Reranker, get_reranker

__all__ = ["Candidate", "coverage", "rerank", "weigh"]

# Shares of the score, chosen on one half of the questions of three sets. How much of the question one line holds was
# tried as well: it loses where texts are short.
FUSED, NEIGHBOURS, HEADINGS = 0.72, 0.21, 0.07
APART = 2  # terms between two words of the question's that still count as neighbours, plus one

Pairs = dict[tuple[str, str], float]


def rerank(
    candidates: list[Candidate], query: Query, stats: TermStats, keep: int, reranker: Reranker | None = None
) -> list[tuple[Candidate, float]]:
    """At most `keep` candidates with their score (0 to 1), best first; duplicates and older versions are dropped.

    Where a re-ranking model is configured its word counts; while it is away, ours.
    """
    left = distinct(candidates, keep)
    scores = _by_model(left, query, reranker or get_reranker()) or _by_features(left, query, stats)
    return sorted(zip(left, scores, strict=True), key=lambda pair: (-pair[1], pair[0].chunk_id))


def _by_model(candidates: Sequence[Candidate], query: Query, reranker: Reranker | None) -> list[float]:
    if reranker is None or not candidates:
        return []
    try:
        return reranker.scores(query.text, [f"{one.title}\n{one.section}\n{one.text}" for one in candidates])
    except RerankerUnavailable:
        return []


def _by_features(candidates: Sequence[Candidate], query: Query, stats: TermStats) -> list[float]:
    weights: dict[str, dict[str, float]] = {}
    pairs: dict[str, Pairs] = {}
    for language in {one.language for one in candidates}:
        weights[language] = weigh(query, stats, language)
        asked = [said.term(language) for said in query.said if not said.guessed]
        pairs[language] = pairs_of(asked, weights[language])
    return [score(one, pairs[one.language], weights[one.language]) for one in candidates]


def weigh(query: Query, stats: TermStats, language: str = "") -> dict[str, float]:
    """The question's terms, as texts in `language` have them, with what each is worth: its weight times its idf."""
    if not query.said:
        return {one: weight * stats.idf(one) for one, weight in query.terms}
    worth: dict[str, float] = {}
    for said in query.said:
        if said.guessed and not any(map(stats.frequency, said.terms.values())):
            continue
        found = said.term(language)
        # Of its forms in several languages the commonest tells how rare the word is.
        rarity = min(stats.idf(one) for one in said.terms.values())
        worth[found] = max(worth.get(found, 0.0), said.weight * rarity)
    return worth


def score(candidate: Candidate, pairs: Pairs, weights: dict[str, float]) -> float:
    """The fused score, how much of the question's order the text keeps, and how much of its words the headings have."""
    read = reading(candidate)
    kept = neighbours(pairs, (*read.terms, *read.headings), weights)
    return FUSED * candidate.fused + NEIGHBOURS * kept + HEADINGS * coverage(weights, read.headings)


def pairs_of(asked: Sequence[str], weights: dict[str, float]) -> Pairs:
    """The question's neighbouring pairs, and what each is worth."""
    return {(one, other): min(weights.get(one, 0), weights.get(other, 0)) for one, other in pairwise(asked)}


def neighbours(pairs: Pairs, text: Sequence[str], weights: dict[str, float]) -> float:
    """The share of `pairs`, by what they are worth, that stand together in the text too."""
    total = sum(pairs.values())
    if not total:
        return 0.0
    hits = list(compress(enumerate(text), map(weights.__contains__, text)))
    there: set[tuple[str, str]] = set()
    for place, (at, term) in enumerate(hits):
        there.update((term, other) for later, other in hits[place + 1 : place + 1 + APART] if later - at <= APART)
    return sum(worth for pair, worth in pairs.items() if pair in there) / total


def coverage(weights: dict[str, float], found: Iterable[str]) -> float:
    """The share of the question's terms, by what they are worth, that are among `found`."""
    present, total = frozenset(found), sum(weights.values())
    return sum(weight for one, weight in weights.items() if one in present) / total if total else 0.0
