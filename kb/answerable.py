"""Is this question answered by what was found? A logistic score over a few signals."""

import math
from dataclasses import astuple, dataclass

from kb.analysis import terms
from kb.lexical import TermStats
from kb.query import Query
from kb.rerank import Candidate, best_line, coverage, line_terms, weigh

# Fitted by regularised logistic regression over 90 answerable questions (66 written for this, 24 of the development
# set) and 170 that are not (50 of them about the shop, 120 of CLINC150's out-of-scope ones). In tenfold
# cross-validation a limit of 0.4 keeps 91 % of the former and stops 95 % of CLINC's, but only 76 % of those about the
# shop. The evaluation set was not looked at.
BIAS = -4.14
WEIGHTS = (4.9, 1.36, 1.43, 2.81, -1.71)  # in the order of the fields of Signals


@dataclass(frozen=True)
class Signals:
    """What is known about the best candidates of one search; each is about 0 to 1."""

    cosine: float  # of the nearest window
    coverage: float  # share of the question's terms, by idf, that the best candidate holds
    line: float  # the same for its best two lines
    strength: float  # BM25 of the best candidate, as a share of what the question could reach
    unknown: float  # share of the question's terms that no chunk has

    @classmethod
    def of(cls, ranked: list[tuple[Candidate, float]], query: Query, stats: TermStats) -> "Signals":
        """The signals of a ranking; each the best among its first three."""
        first = [candidate for candidate, _ in ranked[:3]]
        worth = weigh(query, stats)
        weights = sum(weight for _, weight in query.terms)
        held = [frozenset(terms(f"{one.title} {one.section}")).union(*line_terms(one.text)) for one in first]
        return cls(
            cosine=max(one.cosine for one in first),
            coverage=max(coverage(worth, found) for found in held),
            line=max(best_line(one.text, worth) for one in first),
            strength=max(one.lexical for one in first) / (sum(worth.values()) or 1.0),
            unknown=sum(weight for one, weight in query.terms if not stats.frequency(one)) / (weights or 1.0),
        )


def answerable(signals: Signals) -> float:
    """The likelihood, 0 to 1."""
    weighted = sum(weight * value for weight, value in zip(WEIGHTS, astuple(signals), strict=True))
    return 1 / (1 + math.exp(-(BIAS + weighted)))
