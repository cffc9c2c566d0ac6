"""What searches are compared with: exact search in memory, rank_bm25 with pgvector, plain SQL, and other engines."""

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector import Vector
from pgvector.psycopg import register_vector
from rank_bm25 import BM25Okapi

from kb.analysis import terms
from ops.bench.corpus import Corpus, Question
from ops.bench.retrieval_limit import Bm25

NEAR = 8  # neighbours that recall is measured on
POOL = 60  # passages that our own legs propose, so the exact ones as well
ID, EXACT, PLAIN, ITERATIVE = "id", "exact", "plain", "iterative"
# What each connection is told first. HNSW "as it comes" is what frameworks use: no word about its index.
SAID = {
    EXACT: "SET enable_indexscan = off",  # leaves the bitmap scan over the site's rows
    PLAIN: "",
    ITERATIVE: "SET hnsw.iterative_scan = strict_order",
}
TABLE = """
DROP TABLE IF EXISTS bench_wide;
CREATE TABLE bench_wide (
    id int PRIMARY KEY, site text NOT NULL, text text NOT NULL, embedding vector(384) NOT NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('english', text)) STORED
)"""
INDEXES = (
    "CREATE INDEX ON bench_wide (site)",
    "CREATE INDEX ON bench_wide USING gin (words)",
    "CREATE INDEX ON bench_wide USING hnsw (embedding vector_cosine_ops)",
)
NEAREST = "SELECT id FROM bench_wide WHERE site = %s ORDER BY embedding <=> %s LIMIT 8"
WORDS = """SELECT id FROM bench_wide, to_tsquery('english', %s) AS asked
WHERE words @@ asked {within} ORDER BY ts_rank(words, asked) DESC LIMIT 8"""
IN_SITE = WORDS.format(within="AND site = %s")
ANYWHERE = WORDS.format(within="")


@dataclass(frozen=True)
class System:
    """One that is measured. `ask` is timed; `found` (else what `ask` gives) are chunks by number, best first."""

    name: str
    ask: Callable[[Question, int], Any]
    found: Callable[[Question, int], Sequence[int]] | None = None
    most: int = 1_000_000  # questions: slow ones are asked fewer
    backends: Callable[[], Sequence[int]] = tuple  # PostgreSQL's processes that work for it


def fill(connection: "psycopg.Connection[Any]", corpus: Corpus, site_of: Callable[[int], int]) -> None:
    """The wide table that frameworks make: text, words and vector in one row; its indexes are built afterwards."""
    connection.execute(TABLE)
    copy_rows(connection, corpus, site_of)
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute("SET max_parallel_maintenance_workers = 1")
    for index in INDEXES:
        connection.execute(index)
    connection.execute("VACUUM ANALYZE bench_wide")


def copy_rows(connection: "psycopg.Connection[Any]", corpus: Corpus, site_of: Callable[[int], int]) -> None:
    """COPY every chunk into the wide table."""
    register_vector(connection)
    into = "COPY bench_wide (id, site, text, embedding) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.set_types(["int4", "text", "text", "vector"])
        for chunk in range(len(corpus)):
            copy.write_row((chunk, str(site_of(chunk)), corpus.text(chunk), Vector(corpus.vectors[chunk])))


def connect(url: str, said: str = PLAIN) -> "psycopg.Connection[Any]":
    """A connection of its own, told what `said` needs."""
    made = psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)
    register_vector(made)
    made.execute("SET max_parallel_workers_per_gather = 0")
    if SAID[said]:
        made.execute(SAID[said])
    return made


class Peers:
    """Every baseline over one corpus; `rows[site]` are the chunks of a site."""

    def __init__(
        self, corpus: Corpus, rows: Sequence[NDArray[np.int64]], analysed: Sequence[list[str]], url: str
    ) -> None:
        """The wide table has to be filled."""
        self._corpus, self._rows, self._analysed, self._url = corpus, rows, analysed, url
        self._exact: dict[int, Bm25] = {}
        self._ranked: dict[int, BM25Okapi] = {}

    @cached_property
    def _connections(self) -> dict[str, "psycopg.Connection[Any]"]:
        return {said: connect(self._url, said) for said in SAID}

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections.values():
            connection.close()

    def hybrid(self) -> list[System]:
        """Both legs in one site; what they find is the vector leg's."""
        return [
            System("limit: numpy exact + BM25 in memory", self.limit),
            self._served("rank_bm25 + pgvector, exact", lambda q, site: self._framework(EXACT, q, site)),
            self._served("rank_bm25 + pgvector, HNSW", lambda q, site: self._framework(PLAIN, q, site)),
            self._served("SQL: tsvector + HNSW", lambda q, site: self._sql(PLAIN, q, site)),
            self._served("SQL: tsvector + HNSW, iterative", lambda q, site: self._sql(ITERATIVE, q, site)),
        ]

    def lexical(self) -> list[System]:
        """Words alone, in the whole table."""
        exact = self._bm25_of(0)
        everything = self._rows[0]
        rank = BM25Okapi([self._analysed[row] for row in everything])

        def ranked(question: Question, _: int) -> list[int]:
            return [int(row) for row in np.argsort(-rank.get_scores(terms(question.text)))[:NEAR]]

        return [
            System("limit: BM25 in memory", lambda q, _: exact.best(terms(q.text), NEAR)),
            System("rank_bm25", ranked, most=20),
            self._served("SQL: tsvector, ts_rank", lambda q, _: self._words(ANYWHERE, q, ())),
            *_engines([self._analysed[row] for row in everything]),
        ]

    def _served(self, name: str, ask: Callable[[Question, int], Any]) -> System:
        return System(name, ask, most=60, backends=self._backends)

    def _backends(self) -> list[int]:
        return [connection.info.backend_pid for connection in self._connections.values()]

    def nearest(self, question: Question, site: int) -> list[int]:
        """The true neighbours, exactly."""
        rows = self._rows[site]
        return [int(row) for row in rows[np.argsort(-(self._corpus.vectors[rows] @ question.vector))[:NEAR]]]

    def best(self, question: Question, site: int) -> list[int]:
        """The chunks that exact BM25 puts first."""
        found = self._bm25_of(site).best(terms(question.text), NEAR)
        return [int(self._rows[site][row]) for row in found]

    @cached_property
    def _own(self) -> list[Any]:
        return [np.ascontiguousarray(self._corpus.vectors[rows]) for rows in self._rows]

    def limit(self, question: Question, site: int) -> list[int]:
        """Both legs in memory, fused as ours are: what no database can be quicker than."""
        words = self._bm25_of(site).scores(terms(question.text))
        near = self._own[site] @ question.vector
        fused = _scaled(words) + _scaled(near)
        np.argpartition(-fused, min(POOL, len(fused)) - 1)
        top = np.argpartition(-near, min(NEAR, len(near)) - 1)[:NEAR]
        return [int(row) for row in self._rows[site][top]]

    def _bm25_of(self, site: int) -> Bm25:
        if site not in self._exact:
            self._exact[site] = Bm25([self._analysed[row] for row in self._rows[site]])
        return self._exact[site]

    def _framework(self, said: str, question: Question, site: int) -> list[int]:
        if site not in self._ranked:
            self._ranked[site] = BM25Okapi([self._analysed[row] for row in self._rows[site]])
        np.argsort(-self._ranked[site].get_scores(terms(question.text)))[:POOL]
        return self._near(said, question, site)

    def _sql(self, said: str, question: Question, site: int) -> list[int]:
        self._words(IN_SITE, question, (str(site),))
        return self._near(said, question, site)

    def _near(self, said: str, question: Question, site: int) -> list[int]:
        given = (str(site), Vector(question.vector))
        return [row[0] for row in self._connections[said].execute(NEAREST, given)]

    def _words(self, statement: str, question: Question, given: tuple[str, ...]) -> list[int]:
        asked = " | ".join(question.text.split())
        return [row[0] for row in self._connections[PLAIN].execute(statement, (asked, *given))]


def prepare_ranked(peers: Peers, sites: Sequence[int]) -> None:
    """Build what rank_bm25 and the limit keep in memory, so that no question pays for it."""
    for site in sites:
        question = Question("how", peers._corpus.vectors[0], 0)  # noqa: SLF001
        peers._framework(PLAIN, question, site)  # noqa: SLF001
        peers.limit(question, site)


def find_peers(folder: Path | None) -> None:
    """Let engines be imported that lie in `folder`: they are no dependency."""
    if folder is not None:
        sys.path.append(str(folder))


def _scaled(scores: Any) -> Any:
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else scores * 0


def _engines(analysed: list[list[str]]) -> list[System]:
    """Those that can be imported."""
    return [made for make in (_bm25s, _tantivy) if (made := make(analysed)) is not None]


def _bm25s(analysed: list[list[str]]) -> System | None:
    try:
        bm25s = importlib.import_module("bm25s")
    except ImportError:
        return None
    index = bm25s.BM25()
    index.index(analysed, show_progress=False)

    def ask(question: Question, _: int) -> list[int]:
        rows, _scores = index.retrieve([terms(question.text)], k=NEAR, show_progress=False)
        return [int(row) for row in rows[0]]

    return System("bm25s", ask)


def _tantivy(analysed: list[list[str]]) -> System | None:
    try:
        tantivy = importlib.import_module("tantivy")
    except ImportError:
        return None
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field(ID, stored=True)
    builder.add_text_field("text", tokenizer_name="whitespace")
    index = tantivy.Index(builder.build())
    writer = index.writer()
    for row, said in enumerate(analysed):
        writer.add_document(tantivy.Document(id=row, text=" ".join(said)))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def ask(question: Question, _: int) -> list[int]:
        asked = index.parse_query(" ".join(terms(question.text)), ["text"])
        return [searcher.doc(at)[ID][0] for _score, at in searcher.search(asked, NEAR).hits]

    return System("tantivy", ask)
