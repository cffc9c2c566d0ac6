"""How good a ranking is: nDCG and recall at 10, and how sure that is."""

from collections.abc import Mapping, Sequence
from math import log2

import numpy as np

DEPTH = 10
RESAMPLES = 2_000


def ndcg(ranking: Sequence[str], gains: Mapping[str, float]) -> float:
    """Normalised discounted cumulative gain of the first ten, 0 to 1."""
    got = sum(gains.get(one, 0.0) / log2(place + 2) for place, one in enumerate(ranking[:DEPTH]))
    best = sorted(gains.values(), reverse=True)[:DEPTH]
    return got / sum(gain / log2(place + 2) for place, gain in enumerate(best))


def recall(ranking: Sequence[str], gains: Mapping[str, float]) -> float:
    """The share of what is relevant that is among the first ten, 0 to 1."""
    return len(gains.keys() & set(ranking[:DEPTH])) / len(gains)


def interval(values: Sequence[float], seed: int) -> tuple[float, float]:
    """In which the mean of `values` lies in 95 of 100 cases: a percentile bootstrap over the questions."""
    chance = np.random.default_rng(seed)
    drawn = chance.choice(np.asarray(values, np.float64), (RESAMPLES, len(values)))
    low, high = np.percentile(drawn.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)
