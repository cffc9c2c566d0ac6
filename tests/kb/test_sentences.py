"""Where sentences end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.sentences import complete_until, sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It costs £3.95 today. Really.", ["It costs £3.95 today.", "Really."]),
        ("Use gear, e.g. boots. Done.", ["Use gear, e.g. boots.", "Done."]),
        ("Sixty days [c1]. Then no [c2].", ["Sixty days [c1].", "Then no [c2]."]),
        ("Sixty days. [c1] Then no.", ["Sixty days. [c1]", "Then no."]),
        ("Country: Norway | £14.95\nCountry: Sweden | £12", ["Country: Norway | £14.95", "Country: Sweden | £12"]),
        ("1. Open it\n2. Close it", ["1. Open it", "2. Close it"]),
        ("六十日以内です。送料は店が払います！", ["六十日以内です。", "送料は店が払います！"]),
        ("「六十日です。」と言う。[c1]次。", ["「六十日です。」", "と言う。[c1]", "次。"]),
        ("هل الشحن مجاني؟ نعم.", ["هل الشحن مجاني؟", "نعم."]),
        ("", []),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    assert [each.text for each in sentences(text)] == parts


@given(st.text("aB1. !?\n[c]。」؟", max_size=60))
def test_nothing_is_changed_and_only_white_space_is_left_out(text: str) -> None:
    found = sentences(text)
    assert all(text[each.start : each.end] == each.text for each in found)
    assert "".join(each.text for each in found).split() == "".join(text[a.start : a.end] for a in found).split()
    kept = {index for each in found for index in range(each.start, each.end)}
    assert all(char.isspace() for index, char in enumerate(text) if index not in kept)


@pytest.mark.parametrize(
    ("growing", "whole"),
    [
        ("Sixty days", ""),
        ("Sixty days.", ""),
        ("Sixty days. ", ""),
        ("Sixty days. [c1", ""),
        ("Sixty days. [c1]", ""),
        ("Sixty days. [c1] T", "Sixty days. [c1]"),
        ("Sixty days [c1]. Then", "Sixty days [c1]."),
        ("It costs £3.", ""),
    ],
)
def test_a_sentence_is_whole_once_something_else_has_begun(growing: str, whole: str) -> None:
    assert growing[: complete_until(growing)] == whole
