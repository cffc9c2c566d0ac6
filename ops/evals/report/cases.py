"""The cases of a run in the order in which somebody should look at them: what broke, what fails, what is weakest."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ops.evals.report import sheets
from ops.evals.report.verdict import Verdict
from ops.evals.run_form import Result, Run


@dataclass(frozen=True)
class Told:
    """One case with all its repeats, the worst of them first, and how it went in the nights before."""

    results: tuple[Result, ...]
    marks: tuple[float | None, ...]  # the share of repeats that passed, oldest night first, tonight last
    broken: bool  # it used to pass

    @property
    def worst(self) -> Result:
        """The repeat to look at."""
        return self.results[0]

    @property
    def passed(self) -> int:
        """Of so many of its repeats nothing is wrong."""
        return sum(one.passed for one in self.results)

    @property
    def fails(self) -> bool:
        """Whether any repeat has a fault."""
        return self.passed < len(self.results)

    @property
    def weakness(self) -> float:
        """The mean of what it scored where 1 is best; 1.0 where it was not scored."""
        scored = [value for value in self.worst.measures.values() if 0 <= value <= 1]
        return fmean(scored) if scored else 1.0

    @property
    def right(self) -> frozenset[str]:
        """Documents that it should have found or cited."""
        return frozenset((*_names(self.worst.expected, "sources"), *_names(self.worst.expected, "all_sources")))


def told(run: Run, nights: Sequence[Run], verdict: Verdict) -> list[Told]:
    """All cases, worst first."""
    broken = {each.case for each in verdict.broken}
    before = [sheets.values(night, sheets.PASSED) for night in reversed(nights)]
    by_case: dict[str, list[Result]] = {}
    for one in run.results:
        by_case.setdefault(one.case, []).append(one)
    found = []
    for case, results in by_case.items():
        ordered = sorted(results, key=lambda one: (one.passed, -len(one.faults), one.repeat))
        tonight = fmean(float(one.passed) for one in results)
        marks = tuple(fmean(each[case]) if case in each else None for each in before)
        found.append(Told(tuple(ordered), (*marks, tonight), case in broken))
    return sorted(found, key=_order)


def _order(one: Told) -> tuple[Any, ...]:
    share = one.passed / len(one.results)
    return (not one.broken, share, -len(one.worst.faults), one.weakness, one.worst.case)


def _names(expected: dict[str, Any], name: str) -> tuple[str, ...]:
    given = expected.get(name) or ()
    return (given,) if isinstance(given, str) else tuple(map(str, given))
