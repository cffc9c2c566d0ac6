"""Runs that nobody made: cases that pass or not, by chance where they are told to."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ops.evals.run_form import Figure, GuardSaid, Result, Run, Setup, ToolUse

BEGAN = datetime(2026, 11, 1, 3, 10, tzinfo=UTC)
MARKUP = "<script>document.title='taken'</script> & \"quotes\""
SETUP = {"brain": "extractive", "models": ("extractive",), "prompts": {"draft.md": "aa"}, "settings": "x1"}


@dataclass
class Nights:
    """A suite and its nights. `noise`: the share of cases that pass in three of four nights."""

    seed: int = 0
    cases: int = 150
    repeats: int = 1
    noise: float = 0.0
    setup: dict[str, Any] = field(default_factory=dict)
    made: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def night(
        self, *, broken: Collection[int] = (), lost: Collection[int] = (), recall: float = 0.0, seconds: float = 0.05
    ) -> Run:
        """The next one: `broken` cases fail, `lost` ones find nothing, and a third of all lose `recall`."""
        self.made += 1
        results = [
            self._result(n, k, n in broken, 1.0 if n in lost else recall, seconds, everywhere=n in lost)
            for n in range(self.cases)
            for k in range(self.repeats)
        ]
        return run(results, at=self.made, repeats=self.repeats, deterministic=not self.noise, **self.setup)

    def again(
        self,
        night: Run,
        cases: Sequence[str],
        *,
        broken: Collection[int] = (),
        lost: Collection[int] = (),
        times: int = 3,
    ) -> dict[str, list[Result]]:
        """The same cases once more."""
        return {
            case: [self._result(n, k, n in broken, float(n in lost), 0.05, everywhere=n in lost) for k in range(times)]
            for case, n in ((case, int(case[1:])) for case in cases)
        }

    def one(self, case: str, *, broken: Collection[int] = (), seconds: float = 0.05) -> Result:
        """A case once more."""
        return self._result(int(case[1:]), 0, int(case[1:]) in broken, 0.0, seconds)

    def _result(
        self,
        n: int,
        repeat: int,
        broken: bool,  # noqa: FBT001
        recall: float,
        seconds: float,
        *,
        everywhere: bool = False,
    ) -> Result:
        flaky = n < self.noise * self.cases
        passed = not broken and (self._chance.random() < 0.75 if flaky else n % 12 != 11)
        found = 1.0 if n % 4 else 0.5
        found += self._chance.gauss(0, 0.1) if flaky else 0.0
        measures = {"recall@8": min(1.0, max(0.0, found - (recall if everywhere or n % 3 == 0 else 0.0)))}
        return result(f"c{n}", repeat, passed=passed, measures=measures, seconds=seconds)


def result(
    case: str,
    repeat: int = 0,
    *,
    passed: bool,
    measures: dict[str, float] | None = None,
    seconds: float = 0.05,
    **more: Any,
) -> Result:
    """One result, with something in every part."""
    told: dict[str, Any] = {
        "tags": ("returns",),
        "faults": () if passed else ("lacks '30 days'", f"says {MARKUP}"),
        "say": (f"How long do I have to return it? {MARKUP}",),
        "reply": f"You have 30 days. [1] {MARKUP}",
        "outcome": "answered",
        "cited": ("returns.md",),
        "retrieved": ("returns.md", "faq.md"),
        "expected": {"outcome": ["answered"], "sources": ["returns.md"], "must": [["30 days"]]},
        "tools": (ToolUse(name="search_kb", arguments={"query": "return", "top_k": 3}, ok=True),),
        "guards": (
            GuardSaid(guard="citations", passed=True),
            GuardSaid(guard="numbers", passed=passed, reason="41 days"),
        ),
        "phases": {"plan": seconds * 0.1, "search": seconds * 0.7, "draft": seconds * 0.2},
        "turn_id": UUID(int=7),
        "replay": "same",
    }
    return Result(case=case, repeat=repeat, passed=passed, measures=measures or {}, **(told | more))


def run(
    results: Sequence[Result],
    *,
    at: int = 0,
    repeats: int = 1,
    deterministic: bool = True,
    suite: str = "demo",
    **setup: Any,
) -> Run:
    """A run of them, the `at`th night, with figures for what they measure."""
    passed = [float(one.passed) for one in results]
    told = {"passed": _figure(passed, deterministic=deterministic)}
    for name in dict.fromkeys(name for one in results for name in one.measures):
        told[name] = _figure(
            [one.measures[name] for one in results if name in one.measures], deterministic=deterministic
        )
    told["turn_seconds_p50"] = Figure(
        value=0.05, low=0.04, high=0.07, n=len(results), better="lower", deterministic=False
    )
    made = {"kb_version": 3, "version": "0.5.0", "repeats": repeats} | SETUP | setup
    return Run(
        id=UUID(int=at + 1),
        suite=suite,
        site="demo",
        started_at=BEGAN + timedelta(days=at),
        seconds=31.0,
        setup=Setup(**made),
        figures=told,
        by_tag={"returns": {"passed": told["passed"]}},
        results=tuple(results),
    )


def _figure(values: Sequence[float], *, deterministic: bool) -> Figure:
    mean = sum(values) / len(values)
    low, high = max(0.0, mean - 0.05), min(1.0, mean + 0.05)
    return Figure(value=mean, low=low, high=high, n=len(values), better="higher", deterministic=deterministic)
