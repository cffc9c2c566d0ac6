"""Prices: a call costs what is listed, at the most what was reserved, and nothing where nobody is paid."""

from hypothesis import given
from hypothesis import strategies as st

from brain.client import Usage
from brain.hearing import CHARS_PER_TOKEN
from brain.prices import cost_micro, most_micro, price
from brain.prompt import build_prompt
from core.settings import Settings
from tests.brain.asks import ask, drafting, found

LISTED = Settings(model_prices={"gpt-x": (2.5, 10.0), "gpt-x-mini": (0.15, 0.6)}, model_price_unknown=(5.0, 25.0))


def test_a_dollar_per_million_is_a_millionth_per_token() -> None:
    assert cost_micro(LISTED, "gpt-x", Usage(1_000, 100)) == 3_500
    assert cost_micro(LISTED, "gpt-x-mini", Usage(1, 0)) == 1  # rounded up


def test_a_dated_name_costs_what_its_model_costs_and_another_model_does_not() -> None:
    assert price(LISTED, "gpt-x-2026-08-06") == price(LISTED, "gpt-x-20260806") == price(LISTED, "gpt-x-latest")
    assert price(LISTED, "gpt-x-2026-08-06") == (2.5, 10.0)
    assert price(LISTED, "gpt-x-pro") == price(LISTED, "") == (5.0, 25.0)


def test_the_built_in_brain_is_free() -> None:
    assert cost_micro(LISTED, "extractive", Usage(10**6, 10**6)) == 0
    assert most_micro(LISTED, "extractive", ask("tea?")) == 0


@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_more_tokens_never_cost_less(read: int, written: int) -> None:
    assert cost_micro(LISTED, "gpt-x", Usage(read, written)) <= cost_micro(
        LISTED, "gpt-x", Usage(read + 1, written + 1)
    )


@given(st.text(max_size=500))
def test_what_is_reserved_covers_the_estimate_of_a_full_answer(text: str) -> None:
    asked = drafting(text or "tea?", outcomes=(found("tea", text),))
    estimate = Usage(build_prompt(asked).chars // CHARS_PER_TOKEN, LISTED.answer_tokens)
    assert most_micro(LISTED, "gpt-x", asked) >= cost_micro(LISTED, "gpt-x", estimate)


def test_scripts_of_many_bytes_reserve_more() -> None:
    assert most_micro(LISTED, "gpt-x", ask("茶" * 300)) > most_micro(LISTED, "gpt-x", ask("t" * 300))


def test_settings_with_prices_are_still_keys_of_caches() -> None:
    assert hash(LISTED) == hash(LISTED.model_copy())
    assert LISTED.model_prices["gpt-x"] == (2.5, 10.0)
