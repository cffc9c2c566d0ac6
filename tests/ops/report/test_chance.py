"""The tests of chance against exact values, and against what repeating them a hundred times shows."""

from math import comb

import numpy as np
import pytest

from ops.evals.report.chance import as_low, beta_binomial_tail, holm, mcnemar, paired_interval, sign_flip


def test_mcnemar_is_the_exact_binomial_test() -> None:
    assert mcnemar(1, 9) == pytest.approx(2 * (1 + 10) / 2**10)
    assert mcnemar(9, 1) == mcnemar(1, 9)
    assert mcnemar(3, 3) == mcnemar(0, 0) == 1.0
    assert mcnemar(0, 6) == pytest.approx(2 / 64)


@pytest.mark.parametrize(("lost", "won"), [(0, 5), (2, 9), (20, 6)])
def test_flipping_signs_of_ones_is_mcnemar(lost: int, won: int) -> None:
    assert sign_flip([-1.0] * lost + [1.0] * won + [0.0] * 50) == pytest.approx(mcnemar(lost, won))


def test_few_differences_are_all_tried_and_many_are_drawn() -> None:
    few = [-0.5, -0.25, -0.1, 0.0]
    assert sign_flip(few) == pytest.approx(2 / 8)  # only all signs one way are as far out
    many = [-0.1 - n / 100 for n in range(30)]
    assert sign_flip(many) < 0.001
    assert sign_flip(many) == sign_flip(many), "drawn from a seed"


def test_chance_alone_is_found_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    found = [sign_flip(rng.normal(0, 1, 12).tolist()) < 0.05 for _ in range(100)]
    assert sum(found) <= 14  # 5 are expected; more than this one time in some thousand


def test_the_interval_of_paired_differences_holds_their_mean() -> None:
    low, high = paired_interval([-0.2, 0.1, 0.0, 0.3, 0.1, -0.1, 0.2])
    assert low < 0.4 / 7 < high
    assert paired_interval([0.5, 0.5, 0.5]) == (0.5, 0.5)
    assert paired_interval([]) == (0.0, 0.0)
    assert paired_interval([0.25]) == (0.25, 0.25)


def test_holm_corrects_the_smallest_most() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_a_beta_binomial_is_the_binomial_where_the_rate_is_known() -> None:
    sure = beta_binomial_tail(3, 5, 4e6, 6e6)
    assert sure == pytest.approx(sum(comb(5, k) * 0.4**k * 0.6 ** (5 - k) for k in range(3, 6)), rel=1e-3)
    assert beta_binomial_tail(0, 7, 0.3, 2.0) == pytest.approx(1.0)
    assert beta_binomial_tail(1, 1, 1.0, 3.0) == pytest.approx(0.25)


def test_a_low_mean_is_as_likely_as_its_strays_make_it() -> None:
    strays = np.array([-1.0] * 5 + [1.0] * 5 + [0.0] * 90)
    repeats, never = [1] * 100, (0.0, 1.0)
    sd = np.sqrt(0.1 / 100)
    assert as_low(-3.5 * sd, strays, repeats, never) < 0.005 < as_low(-1.5 * sd, strays, repeats, never) < 0.2
    assert as_low(0.0, np.zeros(0), repeats, never) == 1.0
    assert as_low(-0.01, np.zeros(900), repeats, (1e-6, 1.0)) < 0.001, "where nothing ever moved, one case is much"
