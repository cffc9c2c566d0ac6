"""The one seam to an embedding model: texts in, unit vectors out; what was embedded once is kept by its hash."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import EmbeddingCache
from core.settings import Settings, get_settings
from kb.embeddings.minilm import MiniLM, model_folder
from kb.embeddings.vectors import Vectors
from kb.errors import EmbedderRefused
from kb.index import wire

OPENAI = "openai:"  # before the name of a model that a server has
OPENAI_MODEL = "text-embedding-3-small"
KEPT_TOGETHER = 128  # texts between two commits, so that a kill costs at most these
Item = TypeVar("Item")

KNOWN = "SELECT content_hash, embedding FROM embedding_cache WHERE model = %(model)s AND content_hash = ANY(%(hashes)s)"
HEAD = 4  # bytes before a vector's numbers, as pgvector sends it


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
    if name in {MiniLM.name, "minilm"}:
        return MiniLM(model_folder(Path(settings.home)))
    if name.startswith(OPENAI) and name != OPENAI:
        from kb.embeddings.openai_embeddings import connect  # late: the SDK takes a second to load

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
    name = MiniLM.name if name == "minilm" else name
    return _embedder(os.getpid(), get_settings(), name, patient and name.startswith(OPENAI))


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
        _keep(embedder.name, fresh)
        known |= fresh
        on_batch()
    return np.stack([known[digest] for digest in hashes]) if hashes else np.empty((0, 0), dtype=np.float32)


def batched(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """`items` in tuples of at most `size`."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


def _known(session: Session, model: str, hashes: set[str]) -> dict[str, Vectors]:
    found = wire.rows(session, KNOWN, {"model": model, "hashes": list(hashes)}) if hashes else []
    return {digest: np.frombuffer(sent, dtype=">f4", offset=HEAD).astype(np.float32) for digest, sent in found}


def _keep(model: str, fresh: Mapping[str, Vectors]) -> None:
    """Write vectors down by COPY; if somebody has written one of them meanwhile, row by row."""
    try:
        with transaction() as session:
            wire.copy(session, "embedding_cache", ("model", "content_hash", "embedding"), _packed(model, fresh))
    except IntegrityError:
        rows = [{"model": model, "content_hash": digest, "embedding": row} for digest, row in fresh.items()]
        with transaction() as session:
            session.execute(insert(EmbeddingCache).on_conflict_do_nothing(), rows)


def _packed(model: str, fresh: Mapping[str, Vectors]) -> Iterator[bytes]:
    for digest, row in fresh.items():
        vector = wire.int2(len(row)) + wire.int2(0) + row.astype(">f4").tobytes()
        yield wire.packed_row(wire.text(model), wire.text(digest), vector)
