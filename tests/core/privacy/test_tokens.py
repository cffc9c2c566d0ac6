"""The form of tokens: what is one, what only looks like one, and how those see it who may not open it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.privacy.tokens import closed, neutral, normal, plain, replaced, token, tokens_in, untokened

TEXTS = st.text(st.sampled_from("⟦⟧email:order 1203[]a…"), max_size=40)


@given(TEXTS)
def test_nothing_in_neutral_text_is_a_token(text: str) -> None:
    assert tokens_in(neutral(text)) == ()
    assert neutral(neutral(text)) == neutral(text)


@given(TEXTS)
def test_no_token_is_left_in_closed_text(text: str) -> None:
    assert tokens_in(closed(text)) == ()
    assert tokens_in(untokened(text)) == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to ⟦email:1⟧, ⟦order:12⟧", "to [email 1], [order 12]"),
        ("cut off at ⟦ord", "cut off at …"),
        ("cut off at ⟦order:1…", "cut off at …"),
        ("⟦x⟧ and ⟦email:01⟧ are none", "⟦x⟧ and ⟦email:01⟧ are none"),
    ],
)
def test_closed(text: str, shown: str) -> None:
    assert closed(text) == shown


def test_what_is_not_known_stays_closed() -> None:
    known = {token("email", 1): "a@b.example"}
    assert replaced("⟦email:1⟧ ⟦email:2⟧", known.get) == "a@b.example [email 2]"


@pytest.mark.parametrize(
    ("kind", "written", "same"),
    [
        ("email", "Jane (at) Example [dot] com", "jane@example.com"),
        ("email", "jane%40example.com", "JANE@EXAMPLE.COM"),
        ("order", "#FL-10231", "fl-10231"),
        ("order", "１０２３１", "10231"),
        ("order", "102\u200b31", "10231"),
        ("phone", "+44 (20) 7946-0123", "0044 20 79460123"),
    ],
)
def test_two_spellings_of_one_value(kind: str, written: str, same: str) -> None:
    assert normal(kind, written) == normal(kind, same)  # type: ignore[arg-type]


def test_a_tool_gets_what_it_can_use() -> None:
    assert plain("email", "jane (at) example (dot) com") == "jane@example.com"
    assert plain("order", "１０２３１") == "10231"
