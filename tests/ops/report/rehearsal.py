"""A suite, and one who plays it without an agent: cases fail, or take their time, as they are told to."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from ops.evals.golden import Case, GoldenSet
from ops.evals.nightly import Player, run_night
from ops.evals.report.verdict import Verdict
from ops.evals.run_form import Result, Run
from tests.conftest import SITE
from tests.ops.report.runs import Nights


def suite(cases: int = 40, site: str = SITE) -> GoldenSet:
    made = [{"id": f"c{n}", "say": ["How long?"], "expect": {}} for n in range(cases)]
    return GoldenSet.model_validate({"suite": "shop", "site": site, "cases": made})


@dataclass
class Rehearsal:
    """Plays a suite; those in `broken` fail, `once` only the first time. It counts what it plays again.

    Turns take `seconds`, and `then` when they are played again.
    """

    nights: Nights
    broken: frozenset[int] = frozenset()
    once: frozenset[int] = frozenset()
    twice: list[str] = field(default_factory=list)
    seconds: float = 0.05
    then: float = 0.05

    def player(self) -> Player:
        return Player(self._whole, self._again)

    def _whole(self, golden: GoldenSet, repeats: int) -> Run:
        made = self.nights.night(broken=self.broken | self.once, seconds=self.seconds)
        return made.model_copy(update={"site": golden.site, "suite": golden.suite, "id": uuid4()})

    def _again(self, case: Case, repeat: int) -> Result:
        self.twice.append(case.id)
        return self.nights.one(case.id, broken=self.broken, seconds=self.then)

    def play(self, **now: Any) -> Verdict:
        return run_night(suite(self.nights.cases), replace(self, **now).player())
