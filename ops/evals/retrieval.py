"""`handrail eval-retrieval`: any retrieval set, indexed and searched along the product's own path, and scored."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Chunk, Document, Site
from core.settings import get_settings
from kb.documents.preparing import Draft, configured_sizes, embed, extract
from kb.embeddings.embedder import Embedder, batched, get_embedder
from kb.errors import DocumentUnreadable
from kb.index.replacing import replace_many
from kb.search.hybrid import Ranking, ranked
from kb.sources.source import EVERY_CHANNEL, Raw
from ops.evals.retrieval_scores import interval, ndcg, recall
from ops.evals.retrieval_set import Half, Question, RetrievalSet, Text, half_of

LEGS = ("lexical", "vectors", "fused", "reranked")
BATCH = 128  # documents that go live together
PREFIX = "eval-"  # of the ids of sites that are evaluated in
CHANNEL = "web"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class _Place:
    """The site that holds the set: which document of it each chunk is of."""

    site_id: str
    embedder: Embedder
    key_of: dict[int, str]


def evaluate(
    given: RetrievalSet,
    *,
    limit: int = 0,
    seed: int = 0,
    half: Half | None = None,
    progress: Progress,
    embedder: Embedder | None = None,
) -> dict[str, Any]:
    """The figures. `limit` questions at most (0: all), drawn by `seed`; of one `half` of them alone, where asked.

    The settings point at servers that this process may write to. The site is gone when this returns, whatever happens.
    """
    questions = _chosen(given.questions, limit, seed, half)
    began = time.perf_counter()
    embedder = embedder or get_embedder()
    with own_site() as site_id:
        unreadable = index(site_id, given, embedder, progress)
        indexed = time.perf_counter()
        with transaction() as session:
            place = _Place(site_id, embedder, _keys(session, site_id))
        scores = _ask(place, questions, progress)
        asked = time.perf_counter()
    passed = dict(given.passed_over) | ({"unreadable documents": unreadable} if unreadable else {})
    return {
        "set": given.name,
        **_figures(scores["reranked"], seed),
        "per_leg": {leg: _figures(scores[leg], seed) for leg in LEGS},
        "questions": len(questions),
        "half": half or "both",
        "documents": len(given.texts) - unreadable,
        "chunks": len(place.key_of),
        "passed_over": passed,
        "seconds": {"indexing": round(indexed - began, 1), "questions": round(asked - indexed, 1)},
    }


def _chosen(questions: tuple[Question, ...], limit: int, seed: int, half: Half | None) -> list[Question]:
    some = [one for one in questions if half is None or half_of(one.id) == half]
    if 0 < limit < len(some):
        picked = set(random.Random(seed).sample(range(len(some)), limit))  # noqa: S311 - a draw, no secret
        some = [one for at, one in enumerate(some) if at in picked]
    return some


@contextmanager
def own_site(tools: Sequence[str] = ()) -> Iterator[str]:
    """A site with these `tools` that ends with the block; those that a killed run has left end, too."""
    site_id = f"{PREFIX}{uuid4().hex}"
    with transaction() as session:
        session.execute(delete(Site).where(Site.id.startswith(PREFIX)))
        session.add(Site(id=site_id, name="Evaluation", api_key_hash="0" * 64, tools=[*tools]))
    try:
        yield site_id
    finally:
        with transaction() as session:
            session.execute(delete(Site).where(Site.id == site_id))


def index(site_id: str, given: RetrievalSet, embedder: Embedder, progress: Progress) -> int:
    """Make every document live; returns how many could not be read."""
    unreadable = done = 0
    for texts in batched(given.texts.values(), BATCH):
        drafts: list[tuple[Text, Draft]] = []
        for text in texts:
            try:
                raw = Raw(text.data, text.name, text.content_type)
                drafts.append((text, extract(raw, text.title, configured_sizes())))
            except DocumentUnreadable:
                unreadable += 1
        prepared = embed([draft for _, draft in drafts], [embedder]) if drafts else []
        with transaction() as session:
            made = [
                Document(
                    site_id=site_id,
                    source="file",
                    locator=text.key,
                    channels=[EVERY_CHANNEL],
                    checked_at=func.now(),  # fresh: the agent answers from nothing else
                )
                for text, _ in drafts
            ]
            session.add_all(made)
            replace_many(session, list(zip(made, prepared, strict=True)))
        done += len(texts)
        progress("documents", done, len(given.texts))
    return unreadable


def _keys(session: Session, site_id: str) -> dict[int, str]:
    wanted = select(Chunk.id, Document.locator).join(Document, Document.id == Chunk.document_id)
    return {row.id: row.locator for row in session.execute(wanted.where(Chunk.site_id == site_id))}


def _ask(place: _Place, questions: list[Question], progress: Progress) -> dict[str, list[tuple[float, float]]]:
    """NDCG and recall of every question, by leg."""
    scores: dict[str, list[tuple[float, float]]] = {leg: [] for leg in LEGS}
    for number, question in enumerate(questions, start=1):
        with transaction() as session:
            where = {"site_id": place.site_id, "channel": CHANNEL}
            count = get_settings().search_candidates
            found = ranked(session, **where, query=question.text, embedder=place.embedder, count=count)
        for leg, chunk_ids in _by_leg(found).items():
            # A document is as good as its best chunk.
            ranking = list(dict.fromkeys(place.key_of[one] for one in chunk_ids))
            scores[leg].append((ndcg(ranking, question.gains), recall(ranking, question.gains)))
        progress("questions", number, len(questions))
    return scores


def _by_leg(found: Ranking) -> dict[str, list[int]]:
    """Chunks, best first. What is served are the candidates that were re-ranked; the rest follows as it was fused."""
    fused = _best(found.fused)
    served = [candidate.chunk_id for candidate, _ in found.final]
    lexical = {one: score for one, score in found.lexical.items() if score > 0}
    return {
        "lexical": _best(lexical),
        "vectors": _best(found.nearest),
        "fused": fused,
        "reranked": [*served, *(one for one in fused if one not in set(served))],
    }


def _best(scores: dict[int, float]) -> list[int]:
    return sorted(scores, key=lambda one: (-scores[one], one))


def _figures(scores: list[tuple[float, float]], seed: int) -> dict[str, Any]:
    """Means, and the interval of nDCG."""
    if not scores:
        return {"ndcg10": 0.0, "recall10": 0.0, "interval": [0.0, 0.0]}
    gains, shares = zip(*scores, strict=True)
    return {
        "ndcg10": round(sum(gains) / len(gains), 4),
        "recall10": round(sum(shares) / len(shares), 4),
        "interval": [round(edge, 4) for edge in interval(gains, seed)],
    }
