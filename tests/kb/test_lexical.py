"""BM25 against the formula and against rank_bm25, over segments that are merged and have dead rows."""

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from kb.analysis import terms
from kb.index.postings import Built, Entry, Part, build, lines, merge
from kb.search.lexical import K1, B, Fixed, Lexical, Searched

SEED = random.Random(7)
VOCABULARY = [f"word{n}" for n in range(60)]
TEXTS = [" ".join(SEED.choices(VOCABULARY, k=SEED.randint(5, 40))) for _ in range(80)]
ENTRIES = [Entry(number, text) for number, text in enumerate(TEXTS)]


def formula(query: Sequence[tuple[str, float]], texts: Sequence[str], row: int) -> float:
    """BM25 as Lucene has it, written down plainly."""
    documents = [terms(text) for text in texts]
    mean = max(1.0, sum(map(len, documents)) / len(documents))
    score = 0.0
    for one, weight in query:
        having = sum(one in document for document in documents)
        idf = math.log(1 + (len(documents) - having + 0.5) / (having + 0.5))
        count = documents[row].count(one)
        score += weight * idf * count / (count + K1 * (1 - B + B * len(documents[row]) / mean))
    return score


def scored(segments: Sequence[tuple[Built, set[int]]], query: Sequence[tuple[str, float]]) -> Lexical:
    """What a search makes of these segments, with the passages that are dead in each."""
    searched = []
    frequencies = dict.fromkeys((name for name, _ in query), 0)
    for built, dead in segments:
        rows = np.flatnonzero(np.isin(built.chunk_ids, list(dead))).astype("<u2")
        fixed = Fixed.of(built.chunk_ids.astype("<i8").tobytes(), built.lengths.astype("<i4").tobytes())
        searched.append(Searched(fixed, rows.tobytes()))
        for name, data in built.postings:
            if name in frequencies:
                frequencies[name] += searched[-1].add(name, data)
    found = Lexical(searched, frequencies)
    found.score(query)
    return found


def merged(segments: Sequence[tuple[Built, set[int]]]) -> Built:
    parts, found = [], []
    for at, (built, dead) in enumerate(segments):
        rows = np.flatnonzero(np.isin(built.chunk_ids, list(dead))).astype(np.uint16)
        parts.append(Part(built.chunk_ids, built.lengths, rows, built.words))
        found += [(at, name, data) for name, data in built.postings]
    return merge(parts, found)


def same(one: Built, other: Built) -> bool:
    return (
        one.postings == other.postings
        and np.array_equal(one.chunk_ids, other.chunk_ids)
        and np.array_equal(one.lengths, other.lengths)
    )


def test_scores_are_those_of_the_formula() -> None:
    query = [("word3", 1.0), ("word17", 0.5)]
    scores = scored([(build(ENTRIES), set())], query).of(range(len(TEXTS)))
    assert scores == pytest.approx({row: formula(query, TEXTS, row) for row in range(len(TEXTS))}, abs=1e-5)


def test_the_ranking_is_that_of_rank_bm25() -> None:
    """Rare terms only: its idf differs from Lucene's where a term is in more than half of the texts."""
    oracle = BM25Okapi([terms(text) for text in TEXTS], k1=K1, b=B)
    built = build(ENTRIES)
    for one in VOCABULARY[:20]:
        theirs = oracle.get_scores([one])
        best = [int(row) for row in np.argsort(-np.round(theirs, 9), kind="stable") if theirs[row] > 0][:10]
        assert list(scored([(built, set())], [(one, 1.0)]).best(10)) == best


texts = st.lists(st.lists(st.sampled_from(VOCABULARY[:12]), max_size=12).map(" ".join), min_size=1, max_size=24)


@settings(deadline=None)
@given(texts=texts, cuts=st.lists(st.integers(0, 3), min_size=24, max_size=24), dead=st.sets(st.integers(0, 23)))
def test_segments_with_dead_rows_score_as_one_index_of_what_lives(
    texts: list[str], cuts: list[int], dead: set[int]
) -> None:
    query = [("word1", 1.0), ("word5", 0.3), ("word11", 1.0), ("nowhere", 1.0)]
    parts = [[Entry(n, text) for n, text in enumerate(texts) if cuts[n] == part] for part in range(4)]
    segments = [(build(part), dead) for part in parts if part]
    alive = [n for n in range(len(texts)) if n not in dead]
    expected = {n: formula(query, [texts[one] for one in alive], at) for at, n in enumerate(alive)}
    found = scored(segments, query)
    assert found.stats.size == len(alive)
    assert found.of(alive) == pytest.approx(expected, abs=1e-5)
    assert found.best(100) == pytest.approx({n: score for n, score in expected.items() if score > 0}, abs=1e-5)
    whole = merged(segments)
    assert same(whole, build([Entry(n, texts[n]) for n in alive]))
    assert scored([(whole, set())], query).best(100) == found.best(100), "a merge changes no score, to the last bit"


def test_of_equals_the_older_ones_come_first_however_they_are_cut() -> None:
    entries = [Entry(n, "the same words") for n in range(50)]
    one = scored([(build(entries), set())], [("word", 1.0)]).best(7)
    two = scored([(build(entries[25:]), set()), (build(entries[:25]), set())], [("word", 1.0)]).best(7)
    assert list(one) == list(two) == list(range(7))


def test_a_word_of_ten_thousand_letters_and_one_said_a_thousand_times_fit() -> None:
    built = build([Entry(1, "a" * 10_000 + " " + "boot " * 1_000), Entry(2, "boot")])
    found = scored([(built, set())], [("boot", 1.0)])
    assert list(found.best(2)) == [1, 2]
    assert max(len(name) for name, _ in built.postings) == 64


def test_an_empty_index_finds_nothing() -> None:
    assert scored([(build([]), set())], [("word1", 1.0)]).best(5) == {}


def test_words_of_passages_that_are_gone_go_with_the_next_merge() -> None:
    whole = merged([(build([Entry(1, "kayak boots"), Entry(2, "Boots and booting")]), {1})])
    assert {word for word, _ in lines(whole.words)} == {"boots", "booting"}
