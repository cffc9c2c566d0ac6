"""The benchmarks of knowledge in short: they run, and compare with others on the same data."""

import json
from pathlib import Path

import numpy as np
import pytest
from rank_bm25 import BM25Okapi

from core.embedded import Addresses
from kb.analysis import terms
from ops.bench.corpus import make_corpus
from ops.bench.indexing import run_indexing
from ops.bench.retrieval import run_retrieval
from ops.bench.retrieval_limit import Bm25


def test_retrieval_is_measured_beside_others(committed: Addresses, tmp_path: Path) -> None:
    result = run_retrieval((1_000,), quick=True, json=tmp_path / "figures.json")
    rows = {row.name: row for row in [*result.one_of_twenty, *result.whole]}
    assert rows["handrail"].recall == pytest.approx(1.0, abs=0.02)
    assert rows["handrail, words alone"].exact == pytest.approx(1.0, abs=0.02)
    assert rows["limit: BM25 in memory"].exact == 1.0
    assert rows["rank_bm25 + pgvector, exact"].recall == 1.0
    assert all(row.p50 > 0 for row in rows.values())
    assert result.freshness is not None
    assert result.freshness.stale == 0
    assert max(result.freshness.found[2], result.freshness.gone[2]) < 5_000
    assert all(0 < start.imports_s < start.first_s for start in result.start)
    assert json.loads((tmp_path / "figures.json").read_text())["one_of_twenty"]


def test_indexing_is_measured_beside_its_parts(committed: Addresses, tmp_path: Path) -> None:
    result = run_indexing(quick=True, json=tmp_path / "figures.json")
    assert result.written.ours > 0 < result.written.plain
    assert [folder.documents for folder in result.folders] == [1, 1, 2]
    assert all(folder.whole > 0 for folder in result.folders)
    assert (result.many.documents, result.many.rows_again) == (20, 0)
    assert json.loads((tmp_path / "figures.json").read_text())["overhead"]


def test_the_made_up_corpus_is_like_a_real_one() -> None:
    corpus = make_corpus(2_000)
    assert (corpus.said == make_corpus(2_000).said).all()
    assert np.allclose(np.linalg.norm(corpus.vectors, axis=1), 1, atol=1e-5)
    within = corpus.vectors[:8] @ corpus.vectors[:8].T
    across = corpus.vectors[:8] @ corpus.vectors[1_000:].T
    assert within.mean() > across.mean() + 0.3  # chunks of a document are nearer to each other
    for question in corpus.questions(20, 1):
        assert np.argmax(corpus.vectors @ question.vector) == question.chunk
        assert set(terms(question.text)) <= set(terms(corpus.text(question.chunk)))


def test_the_limit_agrees_with_the_oracle_about_what_is_best() -> None:
    corpus = make_corpus(400)
    analysed = [terms(corpus.text(chunk)) for chunk in range(len(corpus))]
    ours, oracle = Bm25(analysed), BM25Okapi(analysed, k1=1.2, b=0.75)
    for question in corpus.questions(20, 2):
        asked = terms(question.text)
        # Their idf differs, so single terms are compared.
        for term in asked:
            assert ours.best([term], 1)[0] in np.flatnonzero(
                np.isclose(oracle.get_scores([term]), oracle.get_scores([term]).max())
            )
