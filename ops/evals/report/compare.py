"""Two runs side by side: by how much do they differ on the same cases, and would others differ as well?"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from core.errors import BadRequest
from ops.evals.report import sheets
from ops.evals.report.chance import LEVEL, ROUNDING, holm, paired_interval, sign_flip
from ops.evals.report.sheets import PASSED, Better
from ops.evals.run_form import Run

FEWEST = 6  # cases: 2 / 2**6 is the first p below LEVEL
Says = Literal["better", "worse", "noise", "same"]


class NothingInCommon(BadRequest):
    """The two runs have no case in common that says and expects the same: compare two runs of one suite."""


@dataclass(frozen=True)
class Difference:
    """One measure in both runs, on the cases that both have. `p` is corrected, but for whether cases pass."""

    name: str
    better: Better
    before: float
    now: float
    low: float  # of `effect`, 95 %
    high: float
    p: float
    n: int
    lost: int  # cases on which it is worse now
    won: int

    @property
    def effect(self) -> float:
        """By how much it moved."""
        return self.now - self.before

    @property
    def says(self) -> Says:
        """What can be said of it."""
        if not self.lost and not self.won:
            return "same"
        if self.p >= LEVEL:
            return "noise"
        return "better" if (self.effect > 0) == (self.better == "higher") else "worse"


@dataclass(frozen=True)
class Comparison:
    """Two runs, and what differs: in how they were made, in figures, and case by case."""

    before: Run
    now: Run
    changes: tuple[str, ...]
    differences: tuple[Difference, ...]
    fixed: tuple[str, ...]  # cases of which more repeats pass now
    broken: tuple[str, ...]  # … and of which fewer do
    cases: int
    apart: int  # cases that stand in one of them alone, or have been changed


def compare(before: Run, now: Run) -> Comparison:
    """Hold `now` against `before`. Raises NothingInCommon."""
    both = sheets.shared((before, now))
    if not both:
        raise NothingInCommon
    found = [each for name in sheets.measures(before, now) if (each := _difference(name, before, now, both))]
    fixed = _corrected(found)
    passed = sheets.pairs(sheets.values(before, PASSED, both), sheets.values(now, PASSED, both))
    return Comparison(
        before,
        now,
        tuple(sheets.changes(before.setup, now.setup)),
        tuple(Difference(**(vars(each) | {"p": p})) for each, p in zip(found, fixed, strict=True)),
        tuple(each.case for each in passed if each.moved > ROUNDING),
        tuple(each.case for each in passed if each.moved < -ROUNDING),
        len(both),
        len(sheets.prints(before).keys() | sheets.prints(now).keys()) - len(both),
    )


def _corrected(found: Sequence[Difference]) -> list[float]:
    """Whether cases pass is the question; the rest is told beside it, and corrected for how many could say yes.

    With fewer than six cases that moved no test of signs can fall below LEVEL, so it asks nothing (Tarone).
    """
    asked = [at for at, each in enumerate(found) if each.name != PASSED and each.lost + each.won >= FEWEST]
    fixed = dict(zip(asked, holm([found[at].p for at in asked]), strict=True))
    return [fixed.get(at, each.p) for at, each in enumerate(found)]


def _difference(name: str, before: Run, now: Run, both: frozenset[str]) -> Difference | None:
    found = sheets.pairs(sheets.values(before, name, both), sheets.values(now, name, both))
    if not found:
        return None
    moved, way = [each.moved for each in found], sheets.better(name, before, now)
    low, high = paired_interval(moved)
    down, up = sum(each < -ROUNDING for each in moved), sum(each > ROUNDING for each in moved)
    lost, won = (down, up) if way == "higher" else (up, down)
    means = fmean(each.before for each in found), fmean(each.now for each in found)
    return Difference(name, way, *means, low, high, sign_flip(moved), len(found), lost, won)
