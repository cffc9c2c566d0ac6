"""The vector leg: the best window counts, only the site's model and audiences are searched, large ones by an index."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import db, embedded
from core.models import Chunk, ChunkVector, Document, Site
from core.queue import Job
from core.settings import get_settings
from kb.documents.preparing import Prepared
from kb.embeddings.vectors import halves, unit
from kb.index import vector_index, wire
from kb.index.replacing import replace, tombstone
from kb.search import nearest
from kb.search.hybrid import ranked
from kb.search.matching import match
from tests.conftest import make_site
from tests.kb.writing import MODEL, make_document, prepared

DIMENSIONS = 8
CHANCE = np.random.default_rng(5)


class Handed:
    """An embedder that gives the vector that it was made with."""

    name = MODEL

    def __init__(self, *numbers: float) -> None:
        self._vector = np.array(numbers, np.float32)

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        return np.stack([self._vector] * len(texts))


def near(session: Session, site_id: str, embedder: object, query: str = "xyzzy") -> dict[str, float]:
    found = ranked(session, site_id=site_id, channel="web", query=query, embedder=embedder, count=8)  # type: ignore[arg-type]
    texts = {row.id: row.text for row in session.execute(select(Chunk.id, Chunk.text))}
    return {texts[chunk_id]: round(similarity, 2) for chunk_id, similarity in found.nearest.items()}


def test_the_best_window_counts_for_its_passage(session: Session, site: Site) -> None:
    windows = [np.array([[1, 0], [0, 1]]), np.array([[0.6, 0.8]])]
    document = make_document(session, site.id, "guide")
    replace(session, document, prepared("two windows", "one window", vectors=windows))
    assert near(session, site.id, Handed(1, 0)) == {"two windows": 1.0, "one window": 0.6}
    assert near(session, site.id, Handed(0, 1)) == {"two windows": 1.0, "one window": 0.8}


def test_vectors_of_another_model_and_audience_are_not_searched(session: Session, site: Site) -> None:
    replace(session, make_document(session, site.id, "ours"), prepared("ours", vectors=[np.array([[0, 1]])]))
    hidden = make_document(session, site.id, "hidden", ["staff"])
    replace(session, hidden, prepared("hidden", vectors=[np.array([[1, 0]])]))
    other = Prepared("", "h", prepared("other").passages, (np.array([[1, 0]], np.float32),), "another-model")
    replace(session, make_document(session, site.id, "other"), other)
    neighbour = make_site(session, "neighbour")
    poison = make_document(session, neighbour.id, "poison")
    replace(session, poison, prepared("poison", vectors=[np.array([[1, 0]])]))
    assert near(session, site.id, Handed(1, 0)) == {"ours": 0.0}


def test_while_a_model_is_switched_vectors_of_both_are_kept_and_added(session: Session, site: Site) -> None:
    document = make_document(session, site.id, "guide")
    first = prepared("a text", vectors=[np.array([[1, 0]])])
    replace(session, document, first)
    both = Prepared("", "h", first.passages, first.vectors, MODEL, "", {"next": (np.array([[0, 1, 0]], np.float32),)})
    assert replace(session, document, both) == 0
    assert replace(session, document, both) == 0
    models = session.scalars(select(ChunkVector.model_id)).all()
    assert len(models) == len(set(models)) == 2


@pytest.mark.parametrize("vector", [(0.0, 0.0), (float("nan"), 1.0), (1.0, 0.0, 0.0)])
def test_a_vector_that_is_none_leaves_the_words(session: Session, site: Site, vector: tuple[float, ...]) -> None:
    replace(session, make_document(session, site.id, "ours"), prepared("kayak", vectors=[np.array([[0, 1]])]))
    found = ranked(session, site_id=site.id, channel="web", query="kayak", embedder=Handed(*vector), count=8)
    assert found.nearest == {}
    assert len(found.final) == 1


def test_what_is_no_number_is_stored_as_nothing(session: Session, site: Site) -> None:
    odd = np.array([[np.nan, 1e9]])
    replace(session, make_document(session, site.id, "ours"), prepared("odd", vectors=[odd]))
    assert session.scalar(text("SELECT embedding::text FROM chunk_vectors")) == "[0,65504]"


@pytest.fixture
def large(committed: embedded.Addresses, monkeypatch: pytest.MonkeyPatch) -> Iterator[Document]:
    """A document of 64 passages, in a process for which that is large."""
    monkeypatch.setenv("HANDRAIL_VECTOR_INDEX_WINDOWS", "50")
    get_settings.cache_clear()
    vectors = unit(CHANCE.standard_normal((64, DIMENSIONS)).astype(np.float32))
    with db.transaction() as session:
        make_site(session, "shop")
        document = make_document(session, "shop", "large")
        replace(session, document, prepared(*(f"text {n}" for n in range(64)), vectors=list(vectors[:, None])))
    yield document
    get_settings.cache_clear()
    with db.transaction() as session:
        for audience, model in vector_index.existing(session.connection()):
            session.execute(text(f"DROP INDEX hnsw_a{audience}_m{model}"))


def due() -> set[tuple[int, int]]:
    with db.transaction() as session:
        return vector_index.due(session)


def test_a_large_audience_gets_an_index_that_finds_what_a_scan_finds(large: Document) -> None:
    [key] = due()
    with db.transaction() as session:
        scanned = near(session, "shop", Handed(*[1.0] * DIMENSIONS))
    vector_index.adjust(*key)
    assert due() == set()
    with db.transaction() as session:
        assert near(session, "shop", Handed(*[1.0] * DIMENSIONS)) == scanned
        matched = match(session, ("shop", "web"), [])
        assert matched is not None
        session.execute(text("SET LOCAL enable_sort = off"))  # so few could be sorted as well
        half = wire.Half(next(halves(np.ones((1, DIMENSIONS), np.float32))))
        plan = wire.rows(session, f"EXPLAIN {nearest.large(key[0], matched.model)}", {"vector": half}, prepare=False)
        assert f"hnsw_a{key[0]}_m{key[1]}" in str(plan)


def test_an_index_goes_when_it_does_not_pay_any_more_or_is_broken(large: Document) -> None:
    [key] = due()
    vector_index.adjust(*key)
    with db.transaction() as session:
        session.execute(
            text("UPDATE pg_index SET indisvalid = false FROM pg_class WHERE oid = indexrelid AND relname LIKE 'hnsw%'")
        )
    assert due() == {key}, "a build was killed"
    vector_index.adjust(*key)
    assert due() == set()
    with db.transaction() as session:
        replace(session, session.get_one(Document, large.id), prepared(*(f"text {n}" for n in range(30))))
    assert due() == set(), "30 are not yet less than half of 50"
    with db.transaction() as session:
        tombstone(session, session.get_one(Document, large.id), "a test")
    assert due() == {key}
    vector_index.adjust(*key)
    with db.transaction() as session:
        assert vector_index.existing(session.connection()) == {}


def test_the_sweep_asks_for_the_index(large: Document) -> None:
    with db.transaction() as session:
        vector_index.ask(session)
        jobs = [job for job, _ in session.info["jobs"]]
    assert jobs == [Job.INDEX_VECTORS]
