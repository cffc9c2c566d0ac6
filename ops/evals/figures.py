"""Makes figures of results: means over cases, each with its 95 % interval, and pass^k over repeats. Pure and seeded."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from ops.evals.intervals import wilson
from ops.evals.measures import MEASURES, Measure
from ops.evals.run_form import Figure, Result

SEED = 20261122
RESAMPLES = 2_000


def figures_of(results: Sequence[Result], *, model: bool = False) -> dict[str, Figure]:
    """Every figure that `results` give; with a `model` that answers, only what no brain can change is deterministic."""
    found = {}
    for name, measure in MEASURES.items():
        if values := per_case(results, name):
            found[name] = _figure(values, measure, model=model)
    found.update(_pass_all(results, model=model))
    found.update(_latencies(results))
    return found


def by_tag(results: Sequence[Result], *, model: bool = False) -> dict[str, dict[str, Figure]]:
    """The same for the cases of each tag."""
    tags = sorted({tag for result in results for tag in result.tags})
    return {tag: figures_of([one for one in results if tag in one.tags], model=model) for tag in tags}


def per_case(results: Sequence[Result], name: str) -> list[float]:
    """The measure of each case that has it, in order: the mean of its repeats, which are no cases of their own."""
    values: dict[str, list[float]] = defaultdict(list)
    for result in results:
        if name in result.measures:
            values[result.case].append(result.measures[name])
    return [sum(some) / len(some) for _, some in sorted(values.items())]


def pass_hat(passed: int, repeats: int, k: int) -> float:
    """The chance that k repeats of a case all pass, estimated without bias from `passed` of `repeats` (pass^k)."""
    return math.comb(passed, k) / math.comb(repeats, k)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """In which their mean lies in 95 of 100 cases: a bootstrap over the cases.

    Shares that are all the same have no spread to draw from, and would look certain: there it is Wilson's.
    """
    if len(set(values)) == 1 and values[0] in {0.0, 1.0}:
        return wilson(len(values) if values[0] else 0, len(values))
    data = np.asarray(values, np.float64)
    drawn = np.random.default_rng(SEED).integers(0, len(data), (RESAMPLES, len(data)))
    low, high = np.quantile(data[drawn].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def _figure(values: Sequence[float], measure: Measure, *, model: bool) -> Figure:
    low, high = interval(values) if measure.share else _plain(values)
    value = math.fsum(values) / len(values)
    deterministic = measure.deterministic and not model
    low, high = min(low, value), max(high, value)
    return Figure(value=value, low=low, high=high, n=len(values), better=measure.better, deterministic=deterministic)


def _plain(values: Sequence[float]) -> tuple[float, float]:
    """Of amounts: the bootstrap alone."""
    return (values[0], values[0]) if len(set(values)) == 1 else interval(values)


def _pass_all(results: Sequence[Result], *, model: bool) -> Iterator[tuple[str, Figure]]:
    """pass^1 is `passed`; from two repeats on, pass^k says how far one may rely on it."""
    marks: dict[str, list[bool]] = defaultdict(list)
    for result in results:
        marks[result.case].append(result.passed)
    repeats = min(map(len, marks.values()), default=0)
    for k in range(2, repeats + 1):
        values = [pass_hat(sum(some), len(some), k) for _, some in sorted(marks.items())]
        yield f"pass^{k}", _figure(values, Measure(), model=model)


def _latencies(results: Sequence[Result]) -> Iterator[tuple[str, Figure]]:
    """The median and the slowest twentieth of a turn's seconds, and the median of each phase."""
    yield from _quantiles("seconds", [one.measures["seconds"] for one in results if "seconds" in one.measures])
    phases = sorted({phase for result in results for phase in result.phases})
    for phase in phases:
        values = [result.phases[phase] for result in results if phase in result.phases]
        yield f"{phase}_p50", _quantile(values, 0.5)


def _quantiles(name: str, values: Sequence[float]) -> Iterator[tuple[str, Figure]]:
    if values:
        yield f"{name}_p50", _quantile(values, 0.5)
        yield f"{name}_p95", _quantile(values, 0.95)


def _quantile(values: Sequence[float], share: float) -> Figure:
    data = np.sort(np.asarray(values, np.float64))
    drawn = np.random.default_rng(SEED).integers(0, len(data), (RESAMPLES, len(data)))
    low, high = np.quantile(np.quantile(data[drawn], share, axis=1), (0.025, 0.975))
    value = float(np.quantile(data, share))
    low, high = min(float(low), value), max(float(high), value)
    return Figure(value=value, low=low, high=high, n=len(data), better="lower", deterministic=False)
