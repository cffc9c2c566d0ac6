"""`python -m ops.evals.fit_answerable`: fit the weights of kb/search/answerable.py on the half that is tuned on.

Regularised logistic regression, one for each set of signals that may be known. The weighting of the groups (2 : 1 : 1)
makes .5 mean .5 in that mix; how well it does is printed out of fold, and for the other half by eval-answerability.
"""

import json
import os
from dataclasses import astuple, replace

import numpy as np
import typer
from numpy.typing import NDArray

from kb.search.answerable import Signals
from ops.evals.asked import HERE, Asked, load_asked
from ops.evals.calibration import Floats, log_loss, mixed, roc_auc

RIDGE = 1.0  # on standardised signals
FOLDS, SEEDS = 8, 5
FALSE = 0.045  # share of our own tuned questions that the limit may cost, out of fold
SAVED = HERE / "data" / "answerable_signals.json"
KNOWN = (4, 5, 7)  # signals: the words alone, with the passage's cosine, with the nearest sentence's instead


def fitted(signals: list[Signals], asked: list[Asked]) -> dict[int, tuple[float, ...]]:
    """For each number of known signals the bias and the weights, two decimals each."""
    truth = np.array([one.answerable for one in asked])
    return {
        count: tuple(round(float(value), 2) for value in _raw(_table(signals, count), truth, mixed(asked)))
        for count in KNOWN
    }


def out_of_fold(signals: list[Signals], asked: list[Asked], count: int) -> Floats:
    """A likelihood for each question by models that have not seen it; the mean of several divisions."""
    table, truth = _table(signals, count), np.array([one.answerable for one in asked])
    made = np.zeros(len(asked))
    for seed in range(SEEDS):
        folds = np.random.default_rng(seed).integers(0, FOLDS, len(asked))
        for fold in range(FOLDS):
            seen = folds != fold
            weights = mixed([one for one, kept in zip(asked, seen, strict=True) if kept])
            bias, *rest = _raw(table[seen], truth[seen], weights)
            made[~seen] += 1 / (1 + np.exp(-(bias + table[~seen] @ np.array(rest)))) / SEEDS
    return made


def limit_of(likelihoods: Floats, asked: list[Asked]) -> float:
    """The highest limit, two decimals, that costs no more than FALSE of our own questions."""
    own = np.sort(likelihoods[[one.answerable for one in asked]])
    return float(np.floor(own[int(FALSE * len(own))] * 100) / 100)


def saved() -> tuple[list[Asked], list[Signals]]:
    """The tuned questions with their signals, as they were when the weights were fitted."""
    known = {one.text: one for one in load_asked() if one.half == "tune"}
    rows = json.loads(SAVED.read_text(encoding="utf-8"))
    return [known[text] for text, *_ in rows], [Signals(*values) for _, *values in rows]


def _table(signals: list[Signals], count: int) -> Floats:
    if count < KNOWN[2]:
        signals = [replace(one, said=None, weakest=None, aside=None) for one in signals]
    if count < KNOWN[1]:
        signals = [replace(one, near=None) for one in signals]
    return np.array([one.known() for one in signals])


def _raw(table: Floats, truth: NDArray[np.bool_], weights: Floats) -> Floats:
    """Bias and weights for the signals as they are, by Newton's method on the standardised ones."""
    mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
    scaled = np.column_stack([np.ones(len(table)), (table - mean) / spread])
    ridge = np.diag([1e-6, *[RIDGE] * table.shape[1]])
    found = np.zeros(scaled.shape[1])
    for _ in range(50):
        said = 1 / (1 + np.exp(-scaled @ found))
        slope = scaled.T @ (weights * (said - truth)) + ridge @ found
        curve = (scaled * (weights * said * (1 - said))[:, None]).T @ scaled + ridge
        found -= np.linalg.solve(curve, slope)
    made: Floats = np.array([found[0] - (found[1:] * mean / spread).sum(), *(found[1:] / spread)])
    return made


def main() -> None:
    """Index the demo shop in servers of its own, and print what belongs into kb/search/answerable.py."""
    from ops.apart import apart
    from ops.evals.answerability import score

    os.environ["HANDRAIL_SEARCH_SENTENCES"] = "always"
    asked = [one for one in load_asked() if one.half == "tune"]
    with apart("fit-answerable"):
        scored = score(asked)
    kept = [one for one in scored if one.signals is not None and one.signals.said is not None]
    rows = [[one.asked.text, *(round(value, 4) for value in astuple(one.signals))] for one in kept if one.signals]
    SAVED.write_text(
        "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n", encoding="utf-8"
    )
    asked, signals = saved()
    truth = np.array([one.answerable for one in asked])
    for count, weights in fitted(signals, asked).items():
        said = out_of_fold(signals, asked, count)
        typer.echo(f"{count}: {weights},")
        loss, auc = log_loss(said, truth, mixed(asked)), roc_auc(said, truth)
        typer.echo(f"   out of fold: log loss {loss:.4f}, AUC {auc:.3f}, limit {limit_of(said, asked)}")


if __name__ == "__main__":
    main()
