"""Passages read once: the terms of their lines, and what they hold of a question."""

from hypothesis import given
from hypothesis import strategies as st

from kb.analysis import term, terms, words
from kb.search.candidate import Candidate
from kb.search.reading import SKETCH, reading

SAID = "# Shipping\nShipping to Norway costs 14.95.\n\n## Returns\nReturns cost nothing.\n"


def candidate(text: str, section: str = "Delivery", language: str = "") -> Candidate:
    return Candidate(1, "d", "Shop", section, "", "file", text, None, None, 0.0, 0.0, 0.0, language=language)


@given(st.text(), st.sampled_from(["", "en", "de", "fr", "ar"]))
def test_terms_are_those_of_the_words_one_by_one(text: str, language: str) -> None:
    assert terms(text, language) == [found for word in words(text) if (found := term(word, language))]


@given(st.text(st.sampled_from("aäß0. -\n\r\u2028#|'’配送\u0301"), max_size=60))
def test_lines_together_have_the_terms_of_the_text(text: str) -> None:
    read = reading(candidate(text))
    assert list(read.terms) == terms("\n".join(text.splitlines()))
    for at, span in enumerate(read.spans):
        assert set(read.terms[span.begin : span.end]) <= read.said(at)


def test_a_line_holds_what_is_asked_in_itself_and_above_it() -> None:
    read = reading(candidate(SAID))
    asked = {"norway": 1.0, "return": 1.0, "shop": 1.0, "14.95": 1.0, "tent": 1.0}
    assert read.held(asked) == [{"norway", "14.95", "shop"}, {"return", "shop"}]
    assert [read.terms[at] for at in read.hits(asked)] == ["norway", "14.95", "return", "return"]
    assert read.headings == ("shop", "deliveri")


def test_texts_that_are_nearly_the_same_share_most_of_their_sketch() -> None:
    said = " ".join(f"word{number}" for number in range(200))
    one, other = (reading(candidate(text)).sketch for text in (said, said.replace("word77 ", "")))
    apart = reading(candidate(" ".join(f"other{number}" for number in range(200)))).sketch
    assert len(one) == SKETCH
    assert len(one & other) > SKETCH // 2
    assert one.isdisjoint(apart)
