"""How good likelihoods are: what a limit lets through, whether .5 means .5, and how well they rank."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.evals.asked import Asked, Group

Floats = NDArray[np.float64]
BINS = 10
ROUNDS = 2_000  # of the bootstrap
SEED = 20261122
# The mix that likelihoods are calibrated to: half answerable, a quarter each near misses and out of scope.
MIX: dict[Group, float] = {"own": 0.5, "near miss": 0.25, "out of scope": 0.25}


@dataclass(frozen=True)
class Share:
    """A share with its 95 % bootstrap interval, and of how many."""

    value: float
    low: float
    high: float
    count: int


def mixed(asked: list[Asked]) -> Floats:
    """A weight for each question, 1 in the mean, so that the groups weigh as in MIX whatever their sizes."""
    groups = np.array([one.group for one in asked])
    made = np.zeros(len(asked))
    for group, share in MIX.items():
        if (groups == group).any():
            made[groups == group] = share / (groups == group).sum()
    scaled: Floats = made * len(asked) / made.sum()
    return scaled


def share(marks: NDArray[np.bool_]) -> Share:
    """How many are true, with an interval: the questions drawn anew, again and again."""
    if not len(marks):
        return Share(float("nan"), float("nan"), float("nan"), 0)
    drawn = np.random.default_rng(SEED).integers(0, len(marks), (ROUNDS, len(marks)))
    low, high = np.quantile(marks[drawn].mean(axis=1), (0.025, 0.975))
    return Share(float(marks.mean()), float(low), float(high), len(marks))


def roc_auc(likelihoods: Floats, truth: NDArray[np.bool_]) -> float:
    """The chance that an answerable question scores above one that is not; ties count half."""
    yes, no = likelihoods[truth], likelihoods[~truth]
    above = (yes[:, None] > no).sum() + 0.5 * (yes[:, None] == no).sum()
    return float(above / (len(yes) * len(no)))


def brier(likelihoods: Floats, truth: NDArray[np.bool_], weights: Floats) -> float:
    """The weighted mean squared error; .25 is what always saying .5 gets."""
    return float(np.average((likelihoods - truth) ** 2, weights=weights))


def log_loss(likelihoods: Floats, truth: NDArray[np.bool_], weights: Floats) -> float:
    """The weighted mean of -log(likelihood of what was true), in nats."""
    right = np.clip(np.where(truth, likelihoods, 1 - likelihoods), 1e-9, 1.0)
    return float(np.average(-np.log(right), weights=weights))


@dataclass(frozen=True)
class Bin:
    """Likelihoods between two tenths: their mean, and the share of answerable questions there."""

    low: float
    said: float
    true: float
    weight: float  # share of all questions
    count: int


def reliability(likelihoods: Floats, truth: NDArray[np.bool_], weights: Floats) -> list[Bin]:
    """Bins of equal width that are not empty."""
    at = np.minimum((likelihoods * BINS).astype(int), BINS - 1)
    return [
        Bin(
            number / BINS,
            float(np.average(likelihoods[at == number], weights=weights[at == number])),
            float(np.average(truth[at == number], weights=weights[at == number])),
            float(weights[at == number].sum() / weights.sum()),
            int((at == number).sum()),
        )
        for number in range(BINS)
        if (at == number).any()
    ]


def calibration_error(bins: list[Bin]) -> float:
    """The mean distance between what was said and what was true (ECE)."""
    return sum(one.weight * abs(one.said - one.true) for one in bins)
