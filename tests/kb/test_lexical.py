"""BM25 against the formula and against rank_bm25."""

import math
import random

import numpy as np
from rank_bm25 import BM25Okapi

from kb.analysis import terms
from kb.lexical import K1, B, Entry, build, changed

SEED = random.Random(7)
VOCABULARY = [f"word{n}" for n in range(60)]
TEXTS = [" ".join(SEED.choices(VOCABULARY, k=SEED.randint(5, 40))) for _ in range(80)]
INDEX = build([Entry(number, text) for number, text in enumerate(TEXTS)])


def formula(query: list[str], row: int) -> float:
    """BM25 as Lucene has it, written down plainly."""
    documents = [terms(text) for text in TEXTS]
    mean = sum(map(len, documents)) / len(documents)
    score = 0.0
    for one in query:
        having = sum(one in document for document in documents)
        idf = math.log(1 + (len(documents) - having + 0.5) / (having + 0.5))
        count = documents[row].count(one)
        score += idf * count / (count + K1 * (1 - B + B * len(documents[row]) / mean))
    return score


def test_scores_are_those_of_the_formula() -> None:
    scores = INDEX.scores([("word3", 1.0), ("word17", 1.0)])
    assert np.allclose(scores, [formula(["word3", "word17"], row) for row in range(len(TEXTS))], atol=1e-5)


def test_the_ranking_is_that_of_rank_bm25() -> None:
    """Rare terms only: its idf differs from Lucene's where a term is in more than half of the texts."""
    oracle = BM25Okapi([terms(text) for text in TEXTS], k1=K1, b=B)
    for one in VOCABULARY[:20]:
        ours = INDEX.scores([(one, 1.0)])
        theirs = oracle.get_scores([one])
        assert np.array_equal(
            np.argsort(-ours, kind="stable")[:10], np.argsort(-np.round(theirs, 9), kind="stable")[:10]
        )


def test_changing_an_index_gives_what_building_it_anew_gives() -> None:
    entries = [Entry(number, text) for number, text in enumerate(TEXTS)]
    grown = changed(build(entries[:50]), entries[50:], keep=set(range(20, 80)))
    fresh = build(entries[20:])
    query = [("word3", 1.0), ("word40", 0.5)]
    assert dict(zip(grown.ids.tolist(), grown.scores(query).tolist(), strict=True)) == dict(
        zip(fresh.ids.tolist(), fresh.scores(query).tolist(), strict=True)
    )


def test_an_empty_index_finds_nothing() -> None:
    assert build([]).scores([("word1", 1.0)]).tolist() == []
