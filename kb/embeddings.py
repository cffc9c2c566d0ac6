"""The one seam to an embedding model: texts in, unit vectors out; what was embedded once is kept by its hash."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import EmbeddingCache
from core.settings import Settings, get_settings
from kb.errors import EmbedderRefused
from kb.minilm import MiniLM, model_folder
from kb.vectors import Vectors

OPENAI = "openai:"  # before the name of a model that a server has
OPENAI_MODEL = "text-embedding-3-small"
KEPT_TOGETHER = 128  # texts between two commits, so that a kill costs at most these
Item = TypeVar("Item")


class Embedder(Protocol):
    """Turns texts into vectors that can be compared by their dot product. Safe to share between threads."""

    @property
    def name(self) -> str:
        """The model: vectors of different names are never compared."""
        ...

    def embed(self, texts: list[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dimensions). Raises EmbedderUnavailable."""
        ...


def settings_model(settings: Settings) -> str:
    """The name of the model that the settings ask for; nothing is loaded for that."""
    return f"{OPENAI}{settings.embedding_model or OPENAI_MODEL}" if settings.embedder == "openai" else MiniLM.name


def make_embedder(settings: Settings, name: str, *, patient: bool = False) -> Embedder:
    """The embedder called `name`. Raises EmbedderRefused where nobody knows how to make it."""
    if name == MiniLM.name:
        return MiniLM(model_folder(Path(settings.home)))
    if name.startswith(OPENAI) and name != OPENAI:
        from kb.openai_embeddings import connect  # late: the SDK takes a second to load

        return connect(settings, name.removeprefix(OPENAI), patient=patient)
    raise EmbedderRefused(f"There is no embedding model {name}: use minilm, or openai: and the name of a model.")


@lru_cache(maxsize=8)
def _embedder(pid: int, settings: Settings, name: str, patient: bool) -> Embedder:  # noqa: FBT001 - a cache's key
    del pid  # a forked child makes its own: sessions have threads
    return make_embedder(settings, name, patient=patient)


def embedder_named(name: str, *, patient: bool = False) -> Embedder:
    """This process's embedder called `name` ("minilm", "openai:text-embedding-3-small", or as an index names it).

    A patient one, for indexing, waits for its server; the other gives up soon, because somebody waits for the answer.
    Raises EmbedderRefused.
    """
    remote = name.startswith(OPENAI)
    return _embedder(
        os.getpid(), get_settings(), name if remote else name.replace(MiniLM.name, "minilm"), patient and remote
    )


def get_embedder(*, patient: bool = False) -> Embedder:
    """This process's embedder of the model that the settings ask for."""
    return embedder_named(settings_model(get_settings()), patient=patient)


def embed_cached(embedder: Embedder, texts: Sequence[str], on_batch: Callable[[], None] = lambda: None) -> Vectors:
    """Vectors for `texts`; only those that no earlier text had are computed, and kept batch by batch.

    Opens short transactions of its own: none is open while the model works.
    """
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    with transaction() as session:
        known = _known(session, embedder.name, set(hashes))
    missing = {digest: text for digest, text in zip(hashes, texts, strict=True) if digest not in known}
    for batch in batched(missing.items(), KEPT_TOGETHER):
        fresh = dict(zip((digest for digest, _ in batch), embedder.embed([text for _, text in batch]), strict=True))
        rows = [{"model": embedder.name, "content_hash": digest, "embedding": row} for digest, row in fresh.items()]
        with transaction() as session:
            session.execute(insert(EmbeddingCache).on_conflict_do_nothing(), rows)
        known |= fresh
        on_batch()
    return np.stack([known[digest] for digest in hashes]) if hashes else np.empty((0, 0), dtype=np.float32)


def batched(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """`items` in tuples of at most `size`."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


def _known(session: Session, model: str, hashes: set[str]) -> dict[str, Vectors]:
    wanted = select(EmbeddingCache.content_hash, EmbeddingCache.embedding)
    wanted = wanted.where(EmbeddingCache.model == model, EmbeddingCache.content_hash.in_(hashes))
    return {digest: np.asarray(vector, dtype=np.float32) for digest, vector in session.execute(wanted)}
