"""What is in doubt is run again before anybody is woken: as much of it as proves something, and no more."""

import pytest

from core.models import Site
from tests.ops.report.rehearsal import Rehearsal
from tests.ops.report.runs import Nights


@pytest.fixture
def many(site: Site) -> Rehearsal:
    """A suite of 200 cases and two good nights."""
    rehearsal = Rehearsal(Nights(cases=200))
    assert not any(rehearsal.play().alarming for _ in range(2))
    return rehearsal


def test_where_most_is_broken_a_few_cases_prove_it_and_all_are_told_of(many: Rehearsal) -> None:
    verdict = many.play(broken=frozenset(range(120)))
    assert verdict.alarming
    assert len(verdict.broken) == 110, "ten of them have always failed"
    assert len(many.twice) == 36, "a dozen, three times"
    assert {int(case[1:]) // 40 for case in many.twice} == {0, 1, 2}, "spread over all"


def test_a_hiccup_of_half_the_night_wakes_nobody(many: Rehearsal) -> None:
    """More cases failed than are run again: those that are not say nothing, for all that were passed."""
    verdict = many.play(once=frozenset(range(120)))
    assert not verdict.alarming
    assert (len(verdict.passing_again), len(many.twice)) == (40, 120)


def test_a_fault_among_many_hiccups_is_heard_of_and_they_are_not_taken_for_it(many: Rehearsal) -> None:
    verdict = many.play(once=frozenset(range(30)), broken=frozenset(range(30, 60)))
    assert verdict.alarming
    assert {int(one.case[1:]) // 30 for one in verdict.broken} == {1}
    assert len(many.twice) == 120


def test_slow_turns_are_timed_again_before_anybody_is_woken(site: Site) -> None:
    played = Rehearsal(Nights(cases=40))
    assert not any(played.play().alarming for _ in range(3))
    slow = played.play(seconds=2.0, then=2.0)
    assert slow.alarming
    assert slow.slower == pytest.approx((0.05, 2.0))
    assert len(played.twice) == 36
    assert not played.play(seconds=2.0).alarming
