"""What runs have measured, by case: the same case of two runs is one that says the same and expects the same."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from ops.evals.run_form import Result, Run, Setup

Better = Literal["higher", "lower"]
PASSED, SECONDS = "passed", "seconds"
OWN: Mapping[str, Better] = {PASSED: "higher", SECONDS: "lower"}  # every result has them, whatever it names
SPENT = frozenset({"input_tokens", "output_tokens", "cost_usd"})

Values = Mapping[str, tuple[float, ...]]
"""A measure's values by case, one for each repeat in which it meant something."""


@dataclass(frozen=True)
class Pair:
    """One case in two runs: the means of its repeats."""

    case: str
    before: float
    now: float

    @property
    def moved(self) -> float:
        """By how much."""
        return self.now - self.before


def prints(run: Run) -> dict[str, str]:
    """Of each case a hash of what is said and expected: another one is another case, whatever its name."""
    return {one.case: _print(one) for one in run.results}


def shared(runs: Iterable[Run]) -> frozenset[str]:
    """The cases that stand in all of them, unchanged."""
    marks = [set(prints(run).items()) for run in runs]
    return frozenset(case for case, _ in set.intersection(*marks)) if marks else frozenset()


def measures(*runs: Run) -> list[str]:
    """Every measure of theirs, whether it passed first; what is spent only where anything was."""
    found = dict.fromkeys(OWN)
    for run in runs:
        for one in run.results:
            found.update({name: None for name, value in one.measures.items() if value or name not in SPENT})
    return list(found)


def better(name: str, *runs: Run) -> Better:
    """Which way is good."""
    if name in OWN:
        return OWN[name]
    return next((run.figures[name].better for run in runs if name in run.figures), "higher")


def values(run: Run, name: str, cases: frozenset[str] | None = None) -> dict[str, tuple[float, ...]]:
    """What `run` measured of `name`, on `cases` or all."""
    found: dict[str, list[float]] = {}
    for one in run.results:
        value = value_of(one, name)
        if value is not None and (cases is None or one.case in cases):
            found.setdefault(one.case, []).append(value)
    return {case: tuple(each) for case, each in found.items()}


def value_of(result: Result, name: str) -> float | None:
    """One measure of one result; None where it means nothing there."""
    if name == PASSED:
        return float(result.passed)
    if name == SECONDS and name not in result.measures:
        return sum(result.phases.values()) if result.phases else None
    return result.measures.get(name)


def pairs(before: Values, now: Values) -> list[Pair]:
    """The cases that both have measured."""
    return [Pair(case, fmean(before[case]), fmean(now[case])) for case in before if case in now]


def changes(before: Setup, now: Setup) -> list[str]:
    """What is set otherwise, a line each."""
    lines = []
    for name in ("brain", "models", "version", "kb_version", "settings", "repeats"):
        old, new = getattr(before, name), getattr(now, name)
        if old != new:
            lines.append(f"{NAMES[name]}: {_said(old)} → {_said(new)}")
    for name in sorted(before.prompts.keys() | now.prompts.keys()):
        old, new = before.prompts.get(name, "none"), now.prompts.get(name, "none")
        if old != new:
            lines.append(f"prompt {name}: {old} → {new}")
    return lines


NAMES = {
    "brain": "brain",
    "models": "models",
    "version": "Handrail",
    "kb_version": "knowledge, version",
    "settings": "settings",
    "repeats": "repeats",
}


def _said(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def _print(result: Result) -> str:
    told = json.dumps([result.say, result.expected], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
