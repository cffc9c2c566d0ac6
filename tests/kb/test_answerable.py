"""The likelihood that a question is answered, what it may rest on, and the reason where it is low."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.embeddings.meanings import vectors
from kb.search.answerable import LIMIT, WEIGHTS, Signals, answerable, judge
from kb.search.lines import lines, pieces, placed
from kb.search.query import Query
from kb.search.reading import reading
from kb.search.rerank import Candidate

SHIPPING = """# Shipping

## Europe

Shipping to Norway costs 14.95. It takes five working days, and longer in winter.

Country: Iceland | Price: 16.95"""
SHARES = st.floats(0, 1)


class Stats:
    """Three terms are known; they are in so many of ten chunks."""

    known = {"ship": 4, "norway": 2, "cost": 5}  # noqa: RUF012 - never written

    def frequency(self, found: str, /) -> int:
        return self.known.get(found, 0)

    def idf(self, found: str, /) -> float:
        return math.log(1 + (10 - self.frequency(found) + 0.5) / (self.frequency(found) + 0.5))


def candidate(text: str = SHIPPING, cosine: float = 0.0) -> Candidate:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return Candidate(1, "d", "Shipping", "Shipping", "", "file", text, None, now, 1.0, 5.0, cosine)


def query(text: str, *terms: str) -> Query:
    return Query(text, tuple((one, 1.0) for one in terms))


def test_a_line_stands_under_all_its_headings() -> None:
    found = list(lines("Shop › Shipping", SHIPPING))
    assert [line.headings for line in found] == [("Shop", "Shipping", "Europe")] * 2
    one = replace(candidate(), title="Shop", section="Shop › Shipping")
    assert set(reading(one).spans[0].above) == {"shop", "ship", "europ"}


def test_a_row_is_one_piece_and_prose_is_cut_at_sentences() -> None:
    prose, row = (list(pieces(line.text)) for line in lines("", SHIPPING))
    assert [kind for kind, _ in prose] == ["sentence", "sentence"]
    assert row == [("row", "Country: Iceland | Price: 16.95")]
    assert placed("Shop", ("Shop", "Europe"), "Text") == "Shop › Europe: Text"


@given(st.tuples(SHARES, SHARES, SHARES, st.floats(0, 5)), st.sampled_from([0, 1, 4]), st.tuples(*[SHARES] * 4))
def test_a_likelihood_is_between_nought_and_one(words: tuple[float, ...], known: int, more: tuple[float, ...]) -> None:
    assert 0 <= answerable(Signals(*words, *more[:known])) <= 1


@pytest.mark.parametrize("known", sorted(WEIGHTS))
def test_what_speaks_for_an_answer_never_lowers_the_likelihood(known: int) -> None:
    read = (0.4, 0.4, 0.1) if known == 7 else (None, None, None)
    signals = Signals(0.5, 0.5, 0.2, 2.0, None if known == 4 else 0.4, *read)
    assert len(signals.known()) == known
    for name in ("covered", "held", "said" if known == 7 else "near", "weakest"):
        if (value := getattr(signals, name)) is not None:
            assert answerable(replace(signals, **{name: value + 0.2})) > answerable(signals), name
    if signals.aside is not None:
        assert answerable(replace(signals, aside=signals.aside + 0.2)) < answerable(signals)


def test_the_words_alone_decide_where_there_is_no_vector() -> None:
    verdict = judge([(candidate(), 1.0)], query("shipping cost to Norway", "ship", "norway", "cost"), Stats(), None)
    assert verdict.signals.near is None
    assert verdict.likelihood > 0.5
    assert not verdict.reason


def test_the_nearest_sentence_is_looked_at_where_the_passage_leaves_a_doubt() -> None:
    asked = query("how long until it arrives in Norway", "long", "arriv", "norway")
    made = vectors([asked.text])
    assert made is not None
    doubtful = judge([(candidate(cosine=0.45), 1.0)], asked, Stats(), made[0])
    assert doubtful.signals.said is not None
    sure = judge([(candidate(cosine=0.01), 1.0)], query("zebra", "zebra"), Stats(), made[0])
    assert sure.signals.said is None


def test_the_reason_names_the_words_that_no_passage_has() -> None:
    verdict = judge([(candidate(), 1.0)], query("Does Ada's zebra fly?", "ada", "zebra", "fli"), Stats(), None)
    assert verdict.likelihood < LIMIT
    assert verdict.reason == "No passage has “ada”, “zebra”, “fly”."


def test_the_reason_names_what_the_nearest_passage_is_silent_about() -> None:
    stats = Stats()
    stats.known = stats.known | {"zebra": 1, "fli": 1, "moon": 1}
    verdict = judge([(candidate(), 1.0)], query("zebra fly moon norway", "zebra", "fli", "moon", "norway"), stats, None)
    assert verdict.likelihood < LIMIT
    assert verdict.reason == "The nearest passage, in “Shipping”, does not speak of “zebra”, “fly”, “moon”."


def test_nothing_found_and_nothing_asked_are_reasons_of_their_own() -> None:
    assert judge([], query("norway", "norway"), Stats(), None).reason == "The search found nothing."
    nothing = judge([(candidate(), 1.0)], query("?!"), Stats(), None)
    assert nothing.reason == "The question has no word to search for."
