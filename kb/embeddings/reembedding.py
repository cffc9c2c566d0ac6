"""A site gets another embedding model: the new vectors are made beside the old ones, then one commit changes over."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import Conflict, SiteNotFound
from core.log import get_logger
from core.models import Chunk, ChunkVector, Document, EmbeddingModel, Site
from core.queue import Job, enqueue
from kb.chunks.chunker import Passage
from kb.chunks.windows import windows
from kb.embeddings.embedder import Embedder, embed_cached
from kb.embeddings.site_models import Embedders, numbered, site_models
from kb.embeddings.vectors import Vectors
from kb.errors import TextRefused
from kb.index.replacing import raise_version

log = get_logger(__name__)

TOGETHER = 64  # chunks between two commits, so that a kill costs at most these
REFUSED_MOST = 100  # texts of one batch that may have to be shortened for the new model

# By the index of audience and model: never the whole table.
FORGET = text("""
    DELETE FROM chunk_vectors WHERE (chunk_id, model_id) IN (
        SELECT old.chunk_id, old.model_id
        FROM sites
        JOIN audiences ON audiences.site_id = sites.id
        JOIN embedding_models ON embedding_models.id IS DISTINCT FROM sites.embedding_model_id
            AND embedding_models.id IS DISTINCT FROM sites.next_model_id
        CROSS JOIN LATERAL (
            SELECT chunk_id, model_id FROM chunk_vectors
            WHERE audience_id = audiences.id AND model_id = embedding_models.id LIMIT :most
        ) AS old
        WHERE sites.embedding_model_id IS NOT NULL
        LIMIT :most
    )
""")


@dataclass(frozen=True)
class Switch:
    """How far a site is on its way to `model`: chunks that have its vectors, of all."""

    model: str
    done: int
    total: int


def begin(site_id: str, embedder: Embedder) -> bool:
    """Have `site_id` get vectors of `embedder`. False where it has them already; one that was begun is given up.

    Raises SiteNotFound, EmbedderUnavailable, EmbedderRefused.
    """
    dimensions = embedder.embed(["dimensions"]).shape[1]
    with transaction() as session:
        site = session.scalars(_site(site_id)).one_or_none()
        if site is None:
            raise SiteNotFound
        number = numbered(session, embedder.name, dimensions)
        site.next_model_id = None if site.embedding_model_id == number else number
        enqueue(session, Job.REEMBED, site_id=site_id)
        return site.next_model_id is not None


def switch_of(session: Session, site_id: str) -> Switch | None:
    """How far a site's switch is; None where there is none."""
    models = site_models(session, site_id)
    if models.following is None:
        return None
    total = session.scalar(select(func.count()).where(Chunk.site_id == site_id)) or 0
    left = session.scalar(select(func.count()).where(Chunk.site_id == site_id, _lacks(_number(models.following)))) or 0
    return Switch(models.following, total - left, total)


def switching() -> list[str]:
    """The sites that are on their way to another model."""
    with transaction() as session:
        return list(session.scalars(select(Site.id).where(Site.next_model_id.is_not(None)).order_by(Site.id)))


def reembed(
    site_id: str,
    *,
    embedders: Embedders | None = None,
    seconds: float = float("inf"),
    on_batch: Callable[[int], None] = lambda _: None,
    together: int = TOGETHER,
) -> bool:
    """Make what is missing, for so long; then change over. True once nothing is left to do.

    What was made stays: whoever comes next goes on from there. Raises EmbedderUnavailable.
    """
    embedders, until, after = embedders or Embedders(), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        with transaction() as session:
            name = site_models(session, site_id).following
            rows = session.execute(_missing(site_id, name, after).limit(together)).all() if name else []
        if name is None:
            return True
        if not rows and after == 0 and _change_over(site_id, name):
            return True
        if rows:
            on_batch(_make(site_id, name, embedders.named(name), rows))
        after = rows[-1].id if rows else 0  # at the end once more from the start: what came meanwhile
    return False


def forget_old(most: int = 5_000) -> int:
    """Delete vectors that no site is searched with any more. Returns how many there were; call again while any are."""
    with transaction() as session:
        return int(session.execute(FORGET, {"most": most}).rowcount)  # type: ignore[attr-defined]


def _site(site_id: str) -> Any:
    return select(Site).where(Site.id == site_id).with_for_update(key_share=True)


def _number(model: str) -> Any:
    return select(EmbeddingModel.id).where(EmbeddingModel.name == model)


def _lacks(number: Any) -> ColumnElement[bool]:
    return ~exists().where(ChunkVector.chunk_id == Chunk.id, ChunkVector.model_id == number.scalar_subquery())


def _missing(site_id: str, model: str, after: int) -> Any:
    columns = select(Chunk.id, Chunk.section, Chunk.page, Chunk.text, Chunk.tokens, Document.title)
    wanted = columns.join(Document, Document.id == Chunk.document_id)
    wanted = wanted.where(Chunk.site_id == site_id, Chunk.id > after, _lacks(_number(model)))
    return wanted.order_by(Chunk.id)


def _make(site_id: str, name: str, embedder: Embedder, rows: Sequence[Any]) -> int:
    texts = [windows(Passage(row.section, row.page, row.text, row.tokens), row.title) or [row.text] for row in rows]
    flat = _embedded(embedder, [one for each in texts for one in each])
    vectors: dict[int, Vectors] = {}
    start = 0
    for row, each in zip(rows, texts, strict=True):
        vectors[row.id] = flat[start : start + len(each)]
        start += len(each)
    with transaction() as session:
        if site_models(session, site_id, lock=True).following != name:
            raise Conflict("Another model was chosen meanwhile: run `handrail kb status` to see which.")
        number = numbered(session, name, flat.shape[1])
        there = session.execute(select(Chunk.id, Chunk.audience_id).where(Chunk.id.in_(vectors))).all()
        _insert(session, number, [(row.id, row.audience_id, vectors[row.id]) for row in there])
    return len(rows)


def _embedded(embedder: Embedder, texts: list[str]) -> Vectors:
    """Vectors of `texts`; what the new model finds too long it gets the beginning of. The document is live already."""
    for _ in range(REFUSED_MOST):
        try:
            return embed_cached(embedder, texts)
        except TextRefused as error:
            if len(error.text) <= 1:
                raise
            log.warning("text_shortened", model=embedder.name, characters=len(error.text))
            texts = [one[: len(one) // 2] if one == error.text else one for one in texts]
    return embed_cached(embedder, texts)


def _insert(session: Session, model: int, made: Iterable[tuple[int, int, Vectors]]) -> None:
    rows = [
        {"chunk_id": chunk_id, "model_id": model, "window": window, "audience_id": audience, "embedding": vector}
        for chunk_id, audience, vectors in made
        for window, vector in enumerate(vectors)
    ]
    if rows:
        session.execute(insert(ChunkVector).on_conflict_do_nothing(), rows)


def _change_over(site_id: str, name: str) -> bool:
    """Search with the new model from this commit on, unless something is missing still."""
    with transaction() as session:
        if site_models(session, site_id, lock=True).following != name:
            return False
        missing = select(Chunk.id).where(Chunk.site_id == site_id, _lacks(_number(name))).limit(1)
        if session.scalar(missing) is not None:
            return False
        changed = update(Site).where(Site.id == site_id)
        session.execute(changed.values(embedding_model_id=Site.next_model_id, next_model_id=None))
        raise_version(session, site_id)
        log.info("model_switched", site_id=site_id, model=name)
    return True
