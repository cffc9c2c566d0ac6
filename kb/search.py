"""Hybrid search in one site and channel: BM25 and vectors, fused, 8 candidates re-ranked to a few snippets."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from pgvector import Vector
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger

from core.log import get_logger
from core.settings import get_settings
from kb.answerable import Signals, judge
from kb.embeddings import Embedder, get_embedder
from kb.errors import EmbedderUnavailable
from kb.fusion import fuse
from kb.lexical import Lexicon, Scores
from kb.minilm import MiniLM
from kb.query import Query, read_query
from kb.readable import readable
from kb.rerank import Candidate, rerank
from kb.site_index import SHELF, Shelf, SiteIndex
from kb.vectors import Vectors

log = get_logger(__name__)

POOL = 60  # chunks that each leg proposes
TRIES = 3  # the index may change again while it is read; then what was read last will do
SPARE = 4  # candidates beyond those that are re-ranked, for near-duplicates that fall out

_FOLDER = Path(__file__).parent
NEAREST = text((_FOLDER / "search.sql").read_text()).bindparams(bindparam("lexical", type_=ARRAY(BigInteger)))
TEXTS = text((_FOLDER / "candidates.sql").read_text()).bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


@dataclass(frozen=True)
class Snippet:
    """A passage that may answer. `text` is Markdown; `id` is what an answer cites."""

    id: str  # "c" and the chunk's number
    doc_id: str
    title: str
    section: str
    url: str
    source: str  # file or url
    text: str
    page: int | None
    score: float  # 0 to 1, to be compared within one search only
    updated_at: datetime | None


@dataclass(frozen=True)
class Found:
    """Snippets, best first, and how likely (0 to 1) the question is answered by them.

    `reason` says why not, where that is below `kb.answerable.LIMIT`; `signals` are what the likelihood rests on.
    """

    snippets: tuple[Snippet, ...]
    answerable: float
    reason: str = ""
    signals: Signals | None = None


@dataclass(frozen=True)
class _Scope:
    """What a search may see."""

    session: Session
    site_id: str
    channel: str


@dataclass(frozen=True)
class _Legs:
    lexicon: Lexicon
    query: Query
    lexical: dict[int, float]  # chunk → BM25, for all that either leg proposes
    nearest: dict[int, float]  # chunk → cosine of its best window


def search(
    session: Session,
    *,
    site_id: str,
    channel: str,
    query: str,
    top_k: int | None = None,
    embedder: Embedder | None = None,
    shelf: Shelf = SHELF,
) -> Found:
    """Search what `site_id` knows in `channel`; never anything else. An unknown site finds nothing."""
    settings = get_settings()
    top_k = settings.search_keep if top_k is None else top_k
    scope = _Scope(session, site_id, channel)
    embedder = embedder or get_embedder()
    legs = _ask(scope, readable(query), embedder, shelf)
    wanted = max(settings.search_candidates, top_k)
    ranked = rerank(_candidates(scope, legs, wanted + SPARE), legs.query, legs.lexicon, wanted) if legs else []
    if not legs or not ranked:
        return Found((), 0.0)
    # Only the local model's cosines were fitted to; that of the question is kept, so this is no second call.
    vector = _vector(embedder, legs.query.text) if isinstance(embedder, MiniLM) else None
    verdict = judge(ranked, legs.query, legs.lexicon, vector)
    snippets = tuple(_snippet(candidate, score) for candidate, score in ranked[:top_k])
    return Found(snippets, verdict.likelihood, verdict.reason, verdict.signals)


def _ask(scope: _Scope, question: str, embedder: Embedder, shelf: Shelf) -> _Legs | None:
    """Both legs, over the same state of the site. None for a site that does not exist."""
    index = shelf.get(scope.site_id)
    for _ in range(TRIES):
        query = read_query(question, index.speller)
        scores = index.lexicon.scores(query.terms) * index.allowed(scope.channel)
        proposed = _top(index, scores)
        rows = _nearest(scope, query.text, proposed, embedder)
        if not rows:
            return None
        used, stamp = index, (rows[0].kb_version, rows[0].created_at)
        if stamp == index.stamp:
            break
        index = shelf.refresh(scope.session, scope.site_id, stamp)
    nearest = {row.chunk_id: float(row.similarity) for row in rows if row.chunk_id is not None}
    either = set(proposed) | set(nearest)
    lexical = {one: float(scores[used.row_of[one]]) if one in used.row_of else 0.0 for one in either}
    return _Legs(used.lexicon, query, lexical, nearest)


def _top(index: SiteIndex, scores: Scores) -> list[int]:
    if not len(scores):
        return []
    rows = np.argpartition(-scores, min(POOL, len(scores)) - 1)[:POOL]
    return [int(index.lexicon.ids[row]) for row in rows if scores[row] > 0]


def _nearest(scope: _Scope, question: str, lexical: list[int], embedder: Embedder) -> Sequence[Any]:
    vector = _vector(embedder, question)
    values: dict[str, Any] = {"site_id": scope.site_id, "channel": scope.channel, "lexical": lexical, "pool": POOL}
    # Without a vector no row is of its model, so that leg is empty, and BM25 carries on alone.
    values["model"] = embedder.name if vector is not None else ""
    values["vector"] = Vector(vector if vector is not None else [0.0]).to_text()
    return scope.session.execute(NEAREST, values).all()


def _vector(embedder: Embedder, question: str) -> Vectors | None:
    try:
        return _embedded(cast("Hashable", embedder), question)
    except EmbedderUnavailable as error:
        log.warning("embedder_unavailable", cause=error.detail)
        return None


@lru_cache(maxsize=2048)
def _embedded(embedder: Hashable, question: str) -> Vectors:
    made: Vectors = cast("Embedder", embedder).embed([question])[0]
    return made


def _candidates(scope: _Scope, legs: _Legs, count: int) -> list[Candidate]:
    fused = fuse(legs.lexical, legs.nearest)
    best = sorted(fused, key=lambda chunk_id: (-fused[chunk_id], chunk_id))[:count]
    rows = scope.session.execute(TEXTS, {"ids": best, "site_id": scope.site_id, "channel": scope.channel})
    made = [
        Candidate(
            chunk_id=row.id,
            document_id=str(row.document_id),
            title=row.title,
            section=row.section,
            url=row.url,
            source=row.source,
            text=row.text,
            page=row.page,
            updated_at=row.updated_at,
            fused=fused[row.id],
            lexical=legs.lexical.get(row.id, 0.0),
            cosine=legs.nearest.get(row.id, 0.0),
        )
        for row in rows
    ]
    return sorted(made, key=lambda candidate: (-candidate.fused, candidate.chunk_id))


def _snippet(candidate: Candidate, score: float) -> Snippet:
    return Snippet(
        id=f"c{candidate.chunk_id}",
        doc_id=candidate.document_id,
        title=candidate.title,
        section=candidate.section,
        url=candidate.url,
        source=candidate.source,
        text=candidate.text,
        page=candidate.page,
        score=round(score, 4),
        updated_at=candidate.updated_at,
    )
