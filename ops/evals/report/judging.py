"""Tonight held against the nights before: what is worse beyond noise? docs/evals-report.md says how it decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, median

import numpy as np

from ops.evals.report import sheets
from ops.evals.report.chance import ROUNDING, as_low, beta_binomial_tail, holm
from ops.evals.report.sheets import PASSED, SECONDS, SPENT
from ops.evals.report.usual import History, Usual, steadiness, usual
from ops.evals.report.verdict import Broken, Fallen, Lost, Verdict
from ops.evals.run_form import Result, Run

LEVEL = 0.01  # of one night, for all measures together, and once more for all cases together
SPENT_LEAST = 0.10  # money and tokens: less is not worth a person's morning
SLOWER_TIMES, SLOWER_SECONDS = 2.0, 0.5  # the median turn, beside the slowest of the nights before
SLOWER_NIGHTS = 3
LOST_LEAST = 0.5  # of a case's measure, beside its worst before: less is another order of the same pages
COMPARABLE = 0.5  # of the suite's cases must stand unchanged in the nights before

Losses = Mapping[str, Mapping[str, Sequence[bool]]]
"""By measure and case: in which plays of tonight it was far below its worst before; the first of them is one."""

Again = Mapping[str, Sequence[Result]]
"""Results of cases that were run again, by case; none for one that was in doubt and was not."""


@dataclass(frozen=True)
class Night:
    """Tonight beside the nights before, on the cases that they have in common."""

    run: Run
    nights: Sequence[tuple[Run, frozenset[str]]]  # oldest first, each with its cases that are tonight's, too
    cases: frozenset[str]
    again: Again = field(default_factory=dict)

    def deterministic(self, name: str) -> bool:
        """Whether the run says that an unchanged system gives this measure again."""
        return name in self.run.figures and self.run.figures[name].deterministic

    def history(self, name: str) -> History:
        """A measure's values by case over the nights, oldest first."""
        found: dict[str, tuple[float, ...]] = {}
        for run, cases in self.nights:
            for case, values in sheets.values(run, name, cases).items():
                found[case] = found.get(case, ()) + values
        return found

    def tonight(self, name: str, *, all_of_it: bool = False) -> dict[str, tuple[float, ...]]:
        """Its values by case tonight; of a case that was run again, those of the second time alone, or `all_of_it`.

        It was chosen because it did badly, so what made it be chosen proves nothing. One that was in doubt and was not
        run again is left out.
        """
        found = sheets.values(self.run, name, self.cases)
        for case, results in self.again.items():
            second = tuple(value for one in results if (value := sheets.value_of(one, name)) is not None)
            if not results:
                found.pop(case, None)
            elif case in found and second:
                found[case] = (found[case] if all_of_it else ()) + second
        return found


def judge(run: Run, nights: Sequence[Run], again: Again | None = None) -> Verdict:
    """Hold `run` against `nights` (newest first). `again`: what came of its doubtful cases when they were run again.

    Without `again` it is a first look: `doubtful` names the cases to run again before it counts.
    """
    whole = len(sheets.prints(run))
    if not nights:
        return Verdict("first", 0, cases=whole)
    night = _beside(run, nights, again or {})
    seen = Verdict(
        "incomparable",
        len(nights),
        changes=tuple(sheets.changes(nights[0].setup, run.setup)),
        confirmed=again is not None,
        cases=whole,
        compared=len(night.cases),
    )
    return seen if len(night.cases) < COMPARABLE * whole else _said(night, seen)


def _said(night: Night, seen: Verdict) -> Verdict:
    losses = {name: found for name in _steady(night) if (found := _losses(night, name))}
    fallen, broken, slower = _fallen(night), _broken(night), _slower(night)
    lost = [each for each in _lost(night, losses) if each.case not in {one.case for one in broken}]
    return replace(
        seen,
        state="regressed" if fallen or broken or lost or slower else "steady",
        fallen=fallen,
        broken=broken,
        lost=tuple(lost),
        slower=slower,
        doubtful=_doubtful(night, fallen, losses),
        passing_again=_passing_again(night),
    )


def _beside(run: Run, nights: Sequence[Run], again: Again) -> Night:
    tonight = sheets.prints(run).items()
    known = [(each, frozenset(case for case, _ in tonight & sheets.prints(each).items())) for each in reversed(nights)]
    return Night(run, known, frozenset().union(*(cases for _, cases in known)), again)


def _fallen(night: Night) -> tuple[Fallen, ...]:
    names = [name for name in sheets.measures(night.run, *(run for run, _ in night.nights)) if name != SECONDS]
    found = [each for name in names if (each := _weighed(night, name)) is not None]
    fixed = holm([each.p for each in found])
    low = [Fallen(**(vars(each) | {"p": p})) for each, p in zip(found, fixed, strict=True) if p <= LEVEL]
    return tuple(sorted(low, key=lambda each: each.p))


def _weighed(night: Night, name: str) -> Fallen | None:
    """One measure, were it alone; None where nothing of it can be compared."""
    way = sheets.better(name, night.run)
    before = usual(night.history(name), deterministic=night.deterministic(name))
    now = {case: values for case, values in night.tonight(name).items() if case in before.means}
    if not now:
        return None
    sign = 1.0 if way == "higher" else -1.0
    moved = {case: sign * (fmean(values) - before.means[case]) for case, values in now.items()}
    means = fmean(before.means[case] for case in now), fmean(fmean(values) for values in now.values())
    worst = sorted((case for case in moved if moved[case] < -ROUNDING), key=lambda case: (moved[case], case))
    p = _chance(before, sign, moved, [len(values) for values in now.values()])
    if name in SPENT and means[1] < means[0] * (1 + SPENT_LEAST):
        p = 1.0
    return Fallen(name, way, *means, p, tuple(worst))


def _chance(before: Usual, sign: float, moved: Mapping[str, float], repeats: Sequence[int]) -> float:
    mean = fmean(moved.values())
    if mean >= -ROUNDING:
        return 1.0
    return as_low(mean, np.sort(sign * before.strays), repeats, (before.surprise, before.reach))


def _broken(night: Night) -> tuple[Broken, ...]:
    history, tonight = night.history(PASSED), night.tonight(PASSED, all_of_it=True)
    prior, found = steadiness(history, deterministic=night.deterministic(PASSED)), []
    for case, before in history.items():
        now = tonight.get(case, ())
        failed = sum(one < 1.0 for one in now)
        if failed and sum(before) > len(before) / 2 and _fails_again(night, case):
            p = min(1.0, beta_binomial_tail(failed, len(now), *prior.after(before)) * len(history))
            if p <= LEVEL:
                found.append(Broken(case, int(sum(before)), len(before), failed, len(now), p, _faults(night, case)))
    return tuple(sorted(found, key=lambda each: (each.p, each.case)))


def _lost(night: Night, losses: Losses) -> list[Lost]:
    """Cases that lost what they had each night, by measures of which the run says that they do not stray."""
    many, found = len(_steady(night)), dict[str, dict[str, float]]()
    for name, cases in losses.items():
        history = night.history(name)
        prior = steadiness({case: (1.0,) * len(before) for case, before in history.items()}, deterministic=True)
        for case, lost in cases.items():
            if 2 * sum(lost[1:]) >= len(lost[1:]):
                chance = beta_binomial_tail(sum(lost), len(lost), *prior.after((1.0,) * len(history[case])))
                found.setdefault(case, {})[name] = min(1.0, chance * len(history) * many)
    heard = {case: {name: p for name, p in some.items() if p <= LEVEL} for case, some in found.items()}
    return [Lost(case, tuple(some), min(some.values())) for case, some in sorted(heard.items()) if some]


def _losses(night: Night, name: str) -> dict[str, list[bool]]:
    sign = 1.0 if sheets.better(name, night.run) == "higher" else -1.0
    worst = {case: min(sign * one for one in before) for case, before in night.history(name).items()}
    lost = {
        case: [sign * one <= worst[case] - LOST_LEAST for one in now]
        for case, now in night.tonight(name, all_of_it=True).items()
        if case in worst
    }
    return {case: some for case, some in lost.items() if some[0]}


def _steady(night: Night) -> list[str]:
    own = {PASSED, SECONDS, *SPENT}
    known = sheets.measures(night.run, *(run for run, _ in night.nights))
    return [name for name in known if name not in own and night.deterministic(name)]


def _fails_again(night: Night, case: str) -> bool:
    """Not doubted, or failed in at least half of the times that it was run again."""
    again = night.again.get(case, ())
    return 2 * sum(one.passed for one in again) <= len(again)


def _faults(night: Night, case: str) -> tuple[str, ...]:
    results = [*night.again.get(case, ()), *(one for one in night.run.results if one.case == case)]
    return next((one.faults for one in results if not one.passed), ())


def _slower(night: Night) -> tuple[float, float] | None:
    """Slowest usual median, and tonight's, where that is far more; and still is, on the cases that were run again.

    Timings stray together with whatever else runs on the machine, so only what none could overlook counts.
    """
    seen = _far_slower(night, sheets.values(night.run, SECONDS, night.cases))
    again = {case: values for case, values in night.tonight(SECONDS).items() if night.again.get(case)}
    return seen if seen and (not again or _far_slower(night, again)) else None


def _far_slower(night: Night, timed: sheets.Values) -> tuple[float, float] | None:
    before = [_median(sheets.values(run, SECONDS, cases & timed.keys())) for run, cases in night.nights]
    now, most = _median(timed), max(before)
    if len(before) < SLOWER_NIGHTS or now < SLOWER_TIMES * most or now < most + SLOWER_SECONDS:
        return None
    return most, now


def _median(found: sheets.Values) -> float:
    return median(one for values in found.values() for one in values) if found else 0.0


def _doubtful(night: Night, fallen: Sequence[Fallen], losses: Losses) -> tuple[str, ...]:
    """Cases that fail and used to pass, those that lost what they had, and those that have made a measure fall."""
    history, tonight = night.history(PASSED), night.tonight(PASSED)
    failing = {case for case, now in tonight.items() if case in history and fmean(now) < fmean(history[case])}
    return tuple(sorted(failing.union(*losses.values(), *(each.cases for each in fallen))))


def _passing_again(night: Night) -> tuple[str, ...]:
    failed = {one.case for one in night.run.results if not one.passed}
    return tuple(
        sorted(
            case for case, some in night.again.items() if case in failed and some and all(one.passed for one in some)
        )
    )
