"""Is it more than chance? Paired tests, intervals, and a correction for many questions; seeded, so they repeat."""

from collections.abc import Sequence
from itertools import product
from math import comb, lgamma

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

SEED = 8
DRAWS = 5_000
EXACT = 12  # differences of which all signs are tried; of more, as many as are drawn
ROUNDING = 1e-9
GRAIN = 2  # digits to which strays are kept
LEVEL = 0.05  # of a comparison


def mcnemar(lost: int, won: int) -> float:
    """Two-sided p that of pairs which differ so many fall to one side: McNemar's exact test."""
    both = lost + won
    tail = sum(comb(both, k) for k in range(min(lost, won) + 1))
    return min(1.0, 2 * tail / float(2**both))


def sign_flip(differences: Sequence[float]) -> float:
    """Two-sided p that paired differences have the mean that they have, were their signs chance.

    Of differences that are all ±1 it is McNemar's exact test.
    """
    moved = np.array([one for one in differences if abs(one) > ROUNDING])
    if not len(moved):
        return 1.0
    if np.allclose(np.abs(moved), abs(moved[0])):
        return mcnemar(int(np.sum(moved < 0)), int(np.sum(moved > 0)))
    seen = abs(moved.sum()) - ROUNDING
    if len(moved) <= EXACT:
        signs = np.array(list(product((-1.0, 1.0), repeat=len(moved))))
        return float(np.mean(np.abs(signs @ moved) >= seen))
    signs = np.random.default_rng(SEED).choice((-1.0, 1.0), size=(DRAWS, len(moved)))
    return float((1 + np.sum(np.abs(signs @ moved) >= seen)) / (DRAWS + 1))


def paired_interval(differences: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean of paired differences, by a bootstrap over the cases."""
    found: Numbers = np.asarray(differences, dtype=float)
    if len(found) < 2 or np.ptp(found) <= ROUNDING:  # noqa: PLR2004 - one case has no spread
        return (float(found.mean()), float(found.mean())) if len(found) else (0.0, 0.0)
    drawn = np.random.default_rng(SEED).integers(0, len(found), size=(DRAWS, len(found)))
    low, high = np.quantile(found[drawn].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def holm(chances: Sequence[float]) -> list[float]:
    """The p values after Holm's correction, in the order given: of many questions one says yes by chance."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    fixed, highest = [0.0] * len(chances), 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, chances[at] * (len(chances) - rank)))
        fixed[at] = highest
    return fixed


def as_low(mean: float, residuals: Numbers, repeats: Sequence[int], jump: tuple[float, float]) -> float:
    """The chance of a mean difference of `mean` or lower, were nothing changed: one-sided p.

    Each of the cases, measured so many times tonight, strays from its usual value as `residuals` have strayed before;
    with the chance `jump[0]` it does something that was never seen, by ±`jump[1]`.
    """
    pool = np.round(residuals, GRAIN) if len(residuals) else np.zeros(1)
    values, times = np.unique(np.concatenate((pool, (-jump[1], jump[1]))), return_counts=True)
    shares = _shares(values, times, len(pool), jump)
    chance, total = np.random.default_rng(SEED), np.zeros(DRAWS)
    for count in set(repeats):  # cases that were measured as often are drawn together
        drawn = chance.multinomial(count * sum(one == count for one in repeats), shares, size=DRAWS)
        total += drawn @ values / count
    return float((1 + np.sum(total / len(repeats) <= mean + ROUNDING)) / (DRAWS + 1))


def _shares(values: Numbers, times: NDArray[np.int64], many: int, jump: tuple[float, float]) -> Numbers:
    """How likely each of `values` is: as often as it was seen, but for the two jumps."""
    jumps = np.isin(values, (-jump[1], jump[1]))
    seen: Numbers = (times - jumps) / many * (1 - jump[0]) + jumps * jump[0] / 2
    whole: float = seen.sum()
    return np.divide(seen, whole)


def beta_binomial_tail(failed: int, tried: int, alpha: float, beta: float) -> float:
    """The chance of at least `failed` failures in `tried`, of a case whose rate of failure is Beta(alpha, beta)."""
    return min(1.0, sum(_beta_binomial(k, tried, alpha, beta) for k in range(failed, tried + 1)))


def _beta_binomial(k: int, n: int, alpha: float, beta: float) -> float:
    logs = lgamma(k + alpha) + lgamma(n - k + beta) - lgamma(n + alpha + beta)
    logs -= lgamma(alpha) + lgamma(beta) - lgamma(alpha + beta)
    return comb(n, k) * float(np.exp(logs))
