"""Our own search under measurement: knowledge written through the indexer's own door, and asked as a tool asks."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import create_engine, select, text

from core import db
from core.models import Audience, Chunk, Document, Site
from core.settings import get_settings
from kb.chunks.chunker import Passage
from kb.documents.preparing import Prepared
from kb.embeddings.vectors import Vectors, unit
from kb.index.merging import merge_segments
from kb.index.replacing import replace_many, tombstone
from kb.index.vector_index import adjust, due
from kb.search.hybrid import ranked, search
from ops.bench.corpus import DIMENSIONS, WORDS_A_CHUNK, Corpus, Question

CHANNEL = "web"
MODEL = "bench-384"
TOGETHER = 500  # documents in one transaction
TABLES = "chunks, chunk_vectors, segments, postings, audiences, document_events, documents, sites"


class Handed:
    """An embedder that gives the vector that it was handed last, so that embedding costs nothing."""

    name = MODEL

    def __init__(self) -> None:
        """Nothing handed yet."""
        self.vector: Vectors = np.zeros(0, dtype=np.float32)

    def embed(self, texts: list[str]) -> Vectors:
        """The same vector for each text."""
        return np.stack([self.vector] * len(texts))


class Silent:
    """An embedder that says nothing of a text: words alone are searched."""

    name = MODEL

    def embed(self, texts: list[str]) -> Vectors:
        """Zeros, which no vector is near to."""
        return np.zeros((len(texts), DIMENSIONS), dtype=np.float32)


class Ours:
    """Sites called `prefix-0`, `prefix-1` …, and how they are asked."""

    def __init__(self, prefix: str, numbers: dict[int, int] | None = None) -> None:
        """`numbers`: chunk id → its number in the corpus."""
        self._prefix, self._numbers = prefix, numbers or {}
        self._handed, self._silent = Handed(), Silent()

    def site(self, number: int) -> str:
        """A site's id."""
        return f"{self._prefix}-{number}"

    def ask(self, question: Question, site: int) -> Any:
        """The whole search: words and vectors, fused, re-ranked, texts and all."""
        self._handed.vector = question.vector
        with db.transaction() as session:
            return search(session, site_id=self.site(site), channel=CHANNEL, query=question.text, embedder=self._handed)

    def ask_words(self, question: Question, site: int) -> Any:
        """The same without vectors."""
        with db.transaction() as session:
            return search(session, site_id=self.site(site), channel=CHANNEL, query=question.text, embedder=self._silent)

    def near(self, question: Question, site: int) -> list[int]:
        """What the vector leg alone puts first."""
        self._handed.vector = question.vector
        return self._best(question, site, self._handed, "nearest")

    def words(self, question: Question, site: int) -> list[int]:
        """What BM25 alone puts first."""
        return self._best(question, site, self._silent, "lexical")

    def backends(self) -> list[int]:
        """The process of PostgreSQL that answers: this thread always gets the same connection."""
        with db.transaction() as session:
            return [int(session.scalar(text("SELECT pg_backend_pid()")) or 0)]

    def _best(self, question: Question, site: int, embedder: Any, leg: str) -> list[int]:
        with db.transaction() as session:
            got = ranked(
                session, site_id=self.site(site), channel=CHANNEL, query=question.text, embedder=embedder, count=8
            )
        scores: dict[int, float] = getattr(got, leg)
        return [self._numbers[one] for one in sorted(scores, key=lambda one: (-scores[one], one)) if scores[one] > 0]


def wipe() -> None:
    """Empty what a benchmark before this one left. These servers are the benchmark's own."""
    with db.transaction() as session:
        session.execute(text(f"TRUNCATE {TABLES} CASCADE"))


def write(corpus: Corpus, ours: Ours, site_of: Callable[[int], int], sites: int) -> float:
    """Index the corpus into its sites, documents dealt out by `site_of` (of a document). Seconds that it took."""
    with db.transaction() as session:
        session.add_all(
            Site(id=ours.site(site), name="Bench", api_key_hash="0" * 64, tools=["search_kb"], identity_secret="")
            for site in range(sites)
        )
    began = time.monotonic()
    for site in range(sites):
        here = [number for number in range(corpus.documents) if site_of(number) == site]
        for at in range(0, len(here), TOGETHER):
            _write(corpus, ours.site(site), here[at : at + TOGETHER])
    settle()
    return time.monotonic() - began


def settle() -> None:
    """What the index worker is asked for meanwhile: segments merged, and HNSW for sites that are large enough."""
    with db.transaction() as session:
        audiences = session.scalars(select(Audience.id)).all()
        large = sorted(due(session))
    for audience in audiences:
        merge_segments(audience)
    for audience, model in large:
        adjust(audience, model)


def _write(corpus: Corpus, site_id: str, numbers: Sequence[int]) -> None:
    prepared = [prepare(corpus, number) for number in numbers]
    with db.transaction() as session:
        documents = [
            Document(site_id=site_id, source="file", locator=locator(number), channels=["*"], url=f"/{number}")
            for number in numbers
        ]
        session.add_all(documents)
        session.flush()
        replace_many(session, list(zip(documents, prepared, strict=True)))


def prepare(corpus: Corpus, number: int) -> Prepared:
    """A document as the indexer hands it on."""
    chunks = corpus.chunks_of(number)
    passages = tuple(Passage("", None, corpus.text(chunk), WORDS_A_CHUNK) for chunk in chunks)
    vectors = tuple(corpus.vectors[chunk : chunk + 1] for chunk in chunks)
    return Prepared(corpus.title(number), f"{number:064}", passages, vectors, MODEL)


def locator(number: int) -> str:
    """Where a document would lie."""
    return f"/bench/{number}.md"


def numbers(ours: Ours, corpus: Corpus, sites: int) -> dict[int, int]:
    """Chunk id → its number in the corpus."""
    ids = [ours.site(site) for site in range(sites)]
    first: dict[UUID, int] = {}
    with db.reading() as session:
        for document_id, where in session.execute(
            select(Document.id, Document.locator).where(Document.site_id.in_(ids))
        ):
            first[document_id] = corpus.chunks_of(int(where.rpartition("/")[2].removesuffix(".md"))).start
        wanted = select(Chunk.id, Chunk.document_id, Chunk.position).where(Chunk.site_id.in_(ids))
        return {chunk: first[document] + position for chunk, document, position in session.execute(wanted)}


def tidy() -> None:
    """What the autovacuum would do in a minute or two."""
    with _autocommit() as connection:
        connection.execute(text("VACUUM ANALYZE"))


@contextmanager
def _autocommit() -> Iterator[Any]:
    engine = create_engine(get_settings().database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def rows_by_site(corpus: Corpus, site_of: Callable[[int], int], sites: int) -> list[NDArray[np.int64]]:
    """Which chunks each site has."""
    of_chunk = np.array([site_of(chunk // len(corpus.chunks_of(0))) for chunk in range(len(corpus))])
    return [np.flatnonzero(of_chunk == site) for site in range(sites)]


def add_one(site_id: str, word: str) -> None:
    """Commit a document that holds `word`, which no other does."""
    chance = np.random.default_rng(len(word))
    passage = Passage("", None, f"The {word} belongs to this document alone.", 9)
    prepared = Prepared(word, f"{word:0>64}", (passage,), (unit(chance.standard_normal((1, 384), np.float32)),), MODEL)
    with db.transaction() as session:
        document = Document(site_id=site_id, source="file", locator=f"/bench/{word}", channels=["*"])
        session.add(document)
        session.flush()
        replace_many(session, [(document, prepared)])


def remove_one(site_id: str, word: str) -> None:
    """Commit that the document with `word` is gone."""
    wanted = select(Document).where(Document.site_id == site_id, Document.locator == f"/bench/{word}")
    with db.transaction() as session:
        tombstone(session, session.scalars(wanted).one(), "removed")


def knows(site_id: str, word: str) -> bool:
    """True where a search for `word` brings the document that holds it."""
    with db.transaction() as session:
        found = search(session, site_id=site_id, channel=CHANNEL, query=word, embedder=Silent())
    return any(word in snippet.text for snippet in found.snippets)
