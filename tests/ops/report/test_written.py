"""Numbers as people read them."""

import pytest

from ops.evals.report.written import amount, chance, change, share_like


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("passed", 0.8127, "81.3 %"),
        ("ndcg@10", 0.9264, "0.926"),
        ("draft_p50", 0.237, "237 ms"),
        ("seconds_p95", 1.984, "1.98 s"),
        ("cost_usd", 0.00123, "$0.0012"),
        ("cost_usd", 12.5, "$12.50"),
        ("input_tokens", 1234.4, "1,234"),
        ("input_tokens", 0.0, "0"),
    ],
)
def test_an_amount_has_its_unit(name: str, value: float, words: str) -> None:
    assert amount(name, value) == words


def test_a_change_has_its_sign() -> None:
    assert change("passed", -0.105) == "−10.5 points"
    assert change("seconds", 0.25) == "+250 ms"
    assert change("passed", 0.0) == "±0"


def test_a_chance_is_no_finer_than_it_is_known() -> None:
    assert (chance(0.0002), chance(0.0312)) == ("p < 0.001", "p = 0.031")


def test_times_and_money_have_no_scale_to_one() -> None:
    assert share_like("recall@10", 0.9)
    assert not any(share_like(name, 0.2) for name in ("draft_p50", "seconds", "cost_usd", "input_tokens"))
