"""What the nights before lead one to expect of a case: its usual value, and how far it strays with nothing changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import numpy as np

from ops.evals.report.chance import ROUNDING, Numbers

# A run that calls itself deterministic is taken to have shown so many repeats without a difference.
TRUST = 10_000

History = Mapping[str, tuple[float, ...]]
"""A measure's values by case, over all nights and repeats."""


@dataclass(frozen=True)
class Usual:
    """One measure over the nights before."""

    means: Mapping[str, float]
    strays: Numbers  # each value's distance from the mean of the others of its case
    surprise: float  # the chance that a case does what none has been seen to do
    reach: float  # how far a case can move


def usual(history: History, *, deterministic: bool) -> Usual:
    """Learn it. With one value of each case, how far values stray is not known: `surprise` is large then."""
    strays = np.array([one for values in history.values() for one in _strays(values)])
    known = len(strays) + (TRUST if deterministic else 0)
    everything = [one for values in history.values() for one in values] or [0.0]
    reach = max(1.0 if max(everything) <= 1.0 else 0.0, max(everything) - min(everything))
    return Usual({case: fmean(values) for case, values in history.items()}, strays, 0.5 / (known + 1), reach)


def _strays(values: Sequence[float]) -> list[float]:
    total, others = sum(values), len(values) - 1
    return [one - (total - one) / others for one in values] if others else []


@dataclass(frozen=True)
class Steadiness:
    """How often cases fail, and how far that is the case's own habit: the prior of a rate of failure, Beta(a, b)."""

    a: float
    b: float

    def after(self, passes: Sequence[float]) -> tuple[float, float]:
        """What a case's own history makes of it."""
        failed = sum(one < 1.0 for one in passes)
        return self.a + failed, self.b + len(passes) - failed


def steadiness(history: History, *, deterministic: bool) -> Steadiness:
    """Fit it by moments: two runs of one case differ in `flips` of all pairs, which leaves the habit's share.

    For a system that never differs from itself a + b is next to nothing: what a case did once it does again.
    """
    values = [one for each in history.values() for one in each]
    failing = (sum(one < 1.0 for one in values) + 0.5) / (len(values) + 1)
    beside = [abs(one - other) > ROUNDING for each in history.values() for one, other in pairwise(each)]
    flips = (sum(beside) + 0.5) / (len(beside) + 1 + (TRUST if deterministic else 0))
    share = min(0.95, flips / (2 * failing * (1 - failing)))  # s / (s + 1), where a + b = s
    size = share / (1 - share)
    return Steadiness(failing * size, (1 - failing) * size)
