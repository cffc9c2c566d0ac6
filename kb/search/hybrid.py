"""Hybrid search in one site and channel: BM25 and vectors, fused, 8 candidates re-ranked to a few snippets.

What is committed is found, and what was removed is not, in every process: all that changes is read with each question.
"""

import json
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from sqlalchemy.orm import Session

from core.log import get_logger
from core.settings import get_settings
from kb.embeddings.embedder import Embedder, embedder_named
from kb.embeddings.minilm import MiniLM
from kb.embeddings.vectors import Vectors
from kb.errors import EmbedderUnavailable
from kb.index import wire
from kb.index.row_security import fenced
from kb.index.shelf import SHELF, Scope
from kb.index.vocabulary import words_of
from kb.search.acronyms import spelled_out
from kb.search.answerable import Signals, judge
from kb.search.candidate import Candidate
from kb.search.fusion import fuse, share
from kb.search.lexical import TermStats
from kb.search.matching import Matched, Model, match
from kb.search.nearest import nearest
from kb.search.query import Query, lost, mended, read_query
from kb.search.rerank import rerank
from kb.search.view import channels, view

log = get_logger(__name__)

POOL = 60  # chunks that each leg proposes
SPARE = 4  # candidates beyond those that are re-ranked, for near-duplicates that fall out
TEXTS = (Path(__file__).parent / "candidates.sql").read_text()

Place = tuple[int, int | None, str]


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
    start: int = 0  # characters of the document's text before it
    places: tuple[Place, ...] = ()  # from which character of `text` on which page and anchor
    version: str = ""  # of the document; the same while its bytes are


@dataclass(frozen=True)
class Found:
    """Snippets, best first, and how likely (0 to 1) the question is answered by them.

    `reason` says why not, where that is below `kb.search.answerable.LIMIT`; `signals` are what the likelihood rests on.
    """

    snippets: tuple[Snippet, ...]
    answerable: float
    reason: str = ""
    signals: Signals | None = None


@dataclass(frozen=True)
class _Scores:
    lexical: dict[int, float]
    nearest: dict[int, float]
    fused: dict[int, float]


@dataclass(frozen=True)
class Ranking(_Scores):
    """How each chunk did: by its words (BM25), by its meaning (cosine), by both, and after re-ranking."""

    query: Query
    stats: TermStats
    final: list[tuple[Candidate, float]]
    vector: Vectors | None = None  # the question's, by the local model; None where another one, or none, was asked


def search(
    session: Session,
    *,
    site_id: str,
    channel: str,
    query: str,
    top_k: int | None = None,
    embedder: Embedder | None = None,
) -> Found:
    """Search what `site_id` knows in `channel`; never anything else. An unknown site finds nothing."""
    settings = get_settings()
    top_k = settings.search_keep if top_k is None else top_k
    count = max(settings.search_candidates, top_k)
    ranking = ranked(session, site_id=site_id, channel=channel, query=query, embedder=embedder, count=count)
    if not ranking.final:
        return Found((), 0.0)
    verdict = judge(ranking.final, ranking.query, ranking.stats, ranking.vector)
    snippets = tuple(_snippet(candidate, score) for candidate, score in ranking.final[:top_k])
    return Found(snippets, verdict.likelihood, verdict.reason, verdict.signals)


@fenced
def ranked(
    session: Session, *, site_id: str, channel: str, query: str, embedder: Embedder | None = None, count: int
) -> Ranking:
    """The ranking behind a search, with `count` candidates re-ranked; `embedder` where it is at hand already."""
    scope = (site_id, channel)
    asked, matched = _looked_up(session, scope, query)
    if matched is None:
        return Ranking({}, {}, {}, asked, TermStats(), [])
    vector = _vector(matched.model, embedder, asked.text)
    scores, candidates = _proposed(session, scope, asked, matched, vector=vector, count=count + SPARE)
    wider = spelled_out(asked, [one.text for one in candidates])
    if wider is not asked and (again := match(session, scope, wider.words)) is not None:
        asked, matched = wider, again
        matched.lexical.score(asked.terms)
        scores, candidates = _proposed(session, scope, asked, matched, vector=vector, count=count + SPARE)
    stats = matched.lexical.stats
    final = rerank(candidates, asked, stats, count)
    # Whether a question is answered was fitted to the local model's cosines alone.
    local = vector if matched.model.name == MiniLM.name else None
    return Ranking(scores.lexical, scores.nearest, scores.fused, asked, stats, final, local)


def _proposed(
    session: Session, scope: Scope, asked: Query, matched: Matched, *, vector: Vectors | None, count: int
) -> tuple[_Scores, list[Candidate]]:
    """What both legs found, and the best `count` of it with their texts."""
    lexical = matched.lexical.best(POOL)
    near = {} if vector is None else nearest(session, matched, vector, list(lexical))
    if (seen := view()) is not None:
        near = {one: score for one, score in near.items() if one not in seen.without}
    pool = set(sorted(near, key=near.__getitem__, reverse=True)[:POOL]) | lexical.keys()
    near = {one: near[one] for one in pool if one in near}
    lexical = matched.lexical.of(sorted(pool))
    fused = fuse(lexical, near, share(asked, matched.model.name))
    best = sorted(fused, key=lambda one: (-fused[one], one))[:count]
    scores = _Scores(lexical, near, fused)
    return scores, _candidates(session, scope, best, scores)


def _looked_up(session: Session, scope: Scope, question: str) -> tuple[Query, Matched | None]:
    """The question as it is searched, and what its words find. Only words that nobody wrote are taken for misspelled.

    Which languages a site has, and so how a question is stemmed, comes with the answer: where it is another than last
    time, it is asked once more.
    """
    languages = SHELF.languages(scope)
    asked = read_query(question, languages)
    matched = match(session, scope, asked.words)
    if matched is not None and matched.languages != languages:
        SHELF.speak(scope, matched.languages)
        asked = read_query(question, matched.languages)
        matched = match(session, scope, asked.words)
    if matched is None:
        return asked, None
    unknown = {term for term in asked.words if not matched.lexical.stats.frequency(term)}
    if unknown:
        helped = lost(asked, unknown) and bool(matched.segments)
        better = mended(asked, unknown, words_of(session, matched.segments) if helped else {})
        if not set(better.words) <= set(asked.words):
            matched = match(session, scope, better.words) or matched
        asked = better
    matched.lexical.score(asked.terms)
    return asked, matched


def _vector(model: Model, embedder: Embedder | None, question: str) -> Vectors | None:
    """The question's vector by the model that the site is searched with; None: its words alone must do."""
    if not model.id:
        return None
    try:
        if embedder is None or embedder.name != model.name:
            embedder = embedder_named(model.name)
        vector = _embedded(cast("Hashable", embedder), question)
    except EmbedderUnavailable as error:
        log.warning("embedder_unavailable", model=model.name, cause=error.detail)
        return None
    usable = len(vector) == model.dimensions and bool(np.isfinite(vector).all()) and bool(vector.any())
    return vector if usable else None


@lru_cache(maxsize=2048)
def _embedded(embedder: Hashable, question: str) -> Vectors:
    made: Vectors = cast("Embedder", embedder).embed([question])[0]
    return made


def _candidates(session: Session, scope: Scope, best: list[int], scores: _Scores) -> list[Candidate]:
    if not best:
        return []
    values = {"ids": wire.array(best), "site_id": scope[0], "channels": channels(scope[1])}
    made = [_candidate(row, scores) for row in wire.rows(session, TEXTS, values)]
    return sorted(made, key=lambda candidate: (-candidate.fused, candidate.chunk_id))


def _candidate(row: tuple[Any, ...], scores: _Scores) -> Candidate:
    chunk_id, document_id, title, section, url, source, text, page, updated_at, start, places, version, language = row
    return Candidate(
        chunk_id=chunk_id,
        document_id=document_id,
        title=title,
        section=section,
        url=url,
        source=source,
        text=text,
        page=page,
        updated_at=updated_at,
        fused=scores.fused[chunk_id],
        lexical=scores.lexical.get(chunk_id, 0.0),
        cosine=scores.nearest.get(chunk_id, 0.0),
        start=start,
        places=_places(places),
        version=version[:12],
        language=language,
    )


@lru_cache(maxsize=1024)
def _places(stored: str) -> tuple[Place, ...]:
    """As they are in `chunks.places`; most passages have the same, a single one that says nothing."""
    return tuple((at, page, anchor) for at, page, anchor in json.loads(stored))


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
        start=candidate.start,
        places=candidate.places,
        version=candidate.version,
    )
