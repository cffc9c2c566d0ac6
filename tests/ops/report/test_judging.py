"""Tonight held against the nights before: what is worse is heard of, and what is noise is not."""

import pytest

from ops.evals.report.judging import judge
from ops.evals.report.verdict import Verdict, read_verdict
from ops.evals.run_form import Run
from tests.ops.report.runs import Nights, result, run


def whole(nights: Nights, tonight: Run, before: list[Run], broken: range = range(0)) -> Verdict:
    """Both looks, as the nightly run takes them."""
    first = judge(tonight, before)
    return judge(tonight, before, nights.again(tonight, first.doubtful, broken=broken))


def test_the_first_night_is_held_against_nothing() -> None:
    verdict = judge(Nights().night(), [])
    assert (verdict.state, verdict.alarming) == ("first", False)
    assert "no night before" in verdict.headline


def test_the_same_numbers_are_steady() -> None:
    nights = Nights()
    before = [nights.night() for _ in range(3)]
    verdict = judge(nights.night(), before)
    assert (verdict.state, verdict.nights, verdict.compared, verdict.doubtful) == ("steady", 3, 150, ())


@pytest.mark.parametrize("past", [1, 2, 7])
def test_one_case_of_a_deterministic_suite_is_enough_once_it_is_confirmed(past: int) -> None:
    nights = Nights()
    before = [nights.night() for _ in range(past)]
    tonight = nights.night(broken=[5])
    first = judge(tonight, before)
    assert first.doubtful == ("c5",)
    verdict = judge(tonight, before, nights.again(tonight, first.doubtful, broken=[5]))
    assert verdict.alarming
    assert [each.case for each in verdict.broken] == ["c5"]
    assert verdict.broken[0].faults, "its faults are told"
    assert "c5" in verdict.why[0], "what broke is told first"


def test_what_a_failing_case_still_had_and_loses_is_heard_of() -> None:
    """It fails as ever, so none breaks, and one of 600 hardly moves a mean: but nothing strays here."""
    nights = Nights(cases=600)
    before = [nights.night() for _ in range(3)]
    tonight = nights.night(lost=[11])
    first = judge(tonight, before)
    assert first.doubtful == ("c11",)
    verdict = judge(tonight, before, nights.again(tonight, first.doubtful, lost=[11]))
    assert (verdict.alarming, verdict.broken, verdict.fallen) == (True, (), ())
    assert [(each.case, each.measures) for each in verdict.lost] == [("c11", ("recall@8",))]
    assert verdict.why == ["1 of 600 cases lost what they had each night: c11 (recall@8)"]
    assert read_verdict(verdict.stored()) == verdict


def test_what_is_found_again_was_not_lost() -> None:
    nights = Nights()
    before = [nights.night() for _ in range(3)]
    assert whole(nights, nights.night(lost=[11, 40]), before).state == "steady"


def test_where_values_stray_one_case_that_loses_something_is_no_alarm() -> None:
    nights = Nights(noise=0.2)
    before = [nights.night() for _ in range(5)]
    tonight = nights.night(lost=[40])
    verdict = judge(tonight, before, nights.again(tonight, judge(tonight, before).doubtful, lost=[40]))
    assert verdict.lost == ()


def test_what_passes_again_wakes_nobody() -> None:
    """A turn that ran out of time on a busy machine is no regression."""
    nights = Nights()
    before = [nights.night() for _ in range(3)]
    verdict = whole(nights, nights.night(broken=range(60, 70)), before)
    assert verdict.state == "steady"
    assert verdict.passing_again == tuple(f"c{n}" for n in range(60, 70) if n % 12 != 11)


def test_a_measure_that_falls_everywhere_is_heard_of_though_all_cases_pass() -> None:
    nights = Nights(noise=0.2)
    before = [nights.night() for _ in range(5)]
    verdict = judge(nights.night(recall=0.1), before)
    assert [each.name for each in verdict.fallen] == ["recall@8"]
    assert verdict.fallen[0].p < 0.01
    assert len(verdict.fallen[0].cases) >= 40


def test_noise_is_no_alarm_and_eight_broken_cases_are_one() -> None:
    """A model that fails a third of its cases one time in four: twelve nights as they are, twelve with a fault."""
    alarms = caught = 0
    for seed in range(12):
        nights = Nights(seed=seed, noise=0.33, repeats=2, cases=100)
        before = [nights.night() for _ in range(3)]
        alarms += whole(nights, nights.night(), before).alarming
        broken = range(60, 72)
        caught += whole(nights, nights.night(broken=broken), before, broken).alarming
    assert alarms == 0
    assert caught == 12


def test_broken_cases_are_not_hidden_by_as_many_that_were_mended() -> None:
    nights = Nights()
    before = [nights.night(broken=range(20, 30)) for _ in range(4)]
    verdict = whole(nights, nights.night(broken=range(60, 70)), before, range(60, 70))
    assert {each.case for each in verdict.broken} == {f"c{n}" for n in range(60, 70) if n % 12 != 11}


def test_cases_that_were_rewritten_are_not_held_against_what_they_were() -> None:
    def suite(words: str, *, passed: bool, at: int) -> Run:
        asked = [result(f"c{n}", passed=passed, say=(words,)) for n in range(4)]
        return run([*asked, *(result(f"c{n}", passed=True) for n in range(4, 40))], at=at)

    before = [suite("Asked so?", passed=True, at=n) for n in range(3)]
    tonight = suite("Asked otherwise?", passed=False, at=3)
    verdict = judge(tonight, before, {})
    assert (verdict.state, verdict.compared, verdict.cases) == ("steady", 36, 40)


def test_another_suite_under_the_same_name_is_not_judged() -> None:
    before = [run([result(f"old{n}", passed=True) for n in range(30)])]
    verdict = judge(run([result(f"new{n}", passed=False) for n in range(30)], at=1), before)
    assert (verdict.state, verdict.alarming) == ("incomparable", False)
    assert verdict.headline.startswith("Only 0 of 30 cases")


def test_twice_as_slow_is_heard_of_and_a_busy_night_is_not() -> None:
    nights = Nights()
    before = [nights.night(seconds=seconds) for seconds in (0.5, 0.9, 0.6)]
    assert judge(nights.night(seconds=1.4), before).state == "steady"
    verdict = judge(nights.night(seconds=1.9), before)
    assert verdict.slower == pytest.approx((0.9, 1.9))
    assert "1.9 s" in verdict.why[0]


def test_what_was_changed_stands_with_it() -> None:
    before = [Nights().night()]
    tonight = Nights(setup={"prompts": {"draft.md": "bb"}, "kb_version": 4}, made=1).night()
    assert judge(tonight, before).changes == ("knowledge, version: 3 → 4", "prompt draft.md: aa → bb")


def test_a_verdict_is_read_back_as_it_was_stored() -> None:
    nights = Nights()
    before = [nights.night() for _ in range(2)]
    verdict = whole(nights, nights.night(broken=range(60, 64), seconds=0.05), before, range(60, 64))
    assert verdict.alarming
    assert read_verdict(verdict.stored()) == verdict
