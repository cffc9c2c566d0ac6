"""Documents' new passages beside their old ones: what changed is written by COPY, the rest keeps its id."""

import hashlib
import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.models import Chunk, ChunkVector, Document, Site
from kb.documents.preparing import Prepared
from kb.embeddings.vectors import Vectors, halves
from kb.index import segments, wire
from kb.index.audiences import audience_id, model_id, note_language
from kb.index.merging import indexed
from kb.index.moving import move_chunks
from kb.index.postings import Entry

CHUNK_COLUMNS = (
    *("id", "document_id", "site_id", "audience_id", "position", "section", "page", "start", "places"),
    *("text", "tokens", "content_hash"),
)
VECTOR_COLUMNS = ("chunk_id", "model_id", "window", "audience_id", "embedding")
NEW_IDS = "SELECT nextval(pg_get_serial_sequence('chunks', 'id')) FROM generate_series(1, %(count)s)"


@dataclass
class Change:
    """A document and what it is to say. `fresh` maps the position of a new passage to its id, `kept` that of an old."""

    document: Document
    prepared: Prepared
    audience: int = 0
    fresh: dict[int, int] = field(default_factory=dict)
    kept: dict[int, int] = field(default_factory=dict)


def store(session: Session, site_id: str, changes: Sequence[Change]) -> None:
    """Bring passages, vectors and postings of these documents of one site to what was prepared.

    The site is locked. Fills in `audience`, `fresh` and `kept`.
    """
    audiences: dict[frozenset[str], int] = {}
    for change in changes:
        change.document.language = change.prepared.language
        channels = frozenset(change.document.channels)
        if channels not in audiences:
            audiences[channels] = audience_id(session, site_id, channels)
        change.audience = audiences[channels]
    for audience, language in {(one.audience, one.prepared.language) for one in changes if one.prepared.language}:
        note_language(session, audience, language)
    _match(session, changes)
    _number(session, changes)
    wire.copy(session, "chunks", CHUNK_COLUMNS, _chunk_rows(changes))
    _store_vectors(session, site_id, changes)
    for audience in sorted(set(audiences.values())):
        segments.write(session, audience, list(_entries([one for one in changes if one.audience == audience])))


def store_beside(session: Session, site_id: str, change: Change) -> None:
    """Store the new passages of a document for the audience of `change` alone; what it says now stays as it is."""
    _number(session, [change])
    wire.copy(session, "chunks", CHUNK_COLUMNS, _chunk_rows([change]))
    _store_vectors(session, site_id, [change])
    if change.prepared.language:
        note_language(session, change.audience, change.prepared.language)
    segments.write(session, change.audience, list(_entries([change])))


def _match(session: Session, changes: Sequence[Change]) -> None:
    """Find the passages that stay, drop those that go, and have those that stay know their place and audience."""
    wanted = select(Chunk.id, Chunk.document_id, Chunk.audience_id, Chunk.content_hash, Chunk.position, Chunk.page)
    wanted = wanted.add_columns(Chunk.start, Chunk.places).order_by(Chunk.document_id, Chunk.position)
    documents = [change.document.id for change in changes]
    old: defaultdict[tuple[Any, str], deque[Any]] = defaultdict(deque)
    for row in session.execute(wanted.where(Chunk.document_id.in_(documents))):
        old[row.document_id, row.content_hash].append(row)
    placed: list[dict[str, Any]] = []
    moved: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for change in changes:
        for position, passage in enumerate(change.prepared.passages):
            same = old[change.document.id, content_hash(change.prepared, position)]
            if not same:
                change.fresh[position] = 0
                continue
            row = same.popleft()
            change.kept[position] = row.id
            if row.audience_id != change.audience:
                moved[change.audience][row.id] = row.audience_id
            places = [list(place) for place in passage.places]
            if (row.position, row.page, row.start, row.places) != (position, passage.page, passage.start, places):
                now = {"position": position, "page": passage.page, "start": passage.start, "places": places}
                placed.append({"id": row.id, **now})
    _drop(session, [row for rows in old.values() for row in rows])
    if placed:
        session.execute(update(Chunk), placed)
    for audience, ids in moved.items():
        move_chunks(session, ids, audience)


def content_hash(prepared: Prepared, position: int) -> str:
    """Identity of a chunk: title and language are part of it, because its vectors and postings depend on them."""
    said = f"{prepared.language}\n{prepared.title}\n{prepared.passages[position].content_hash}"
    return hashlib.sha256(said.encode()).hexdigest()


def _drop(session: Session, rows: Sequence[Any]) -> None:
    if not rows:
        return
    session.execute(delete(Chunk).where(Chunk.id.in_([row.id for row in rows])))
    for audience in {row.audience_id for row in rows}:
        segments.remove(session, audience, [row.id for row in rows if row.audience_id == audience])


def _number(session: Session, changes: Sequence[Change]) -> None:
    count = sum(len(change.fresh) for change in changes)
    ids = iter(wire.rows(session, NEW_IDS, {"count": count}) if count else ())
    for change in changes:
        for position in change.fresh:
            (change.fresh[position],) = next(ids)


def _chunk_rows(changes: Sequence[Change]) -> Iterator[bytes]:
    for change in changes:
        document, prepared = change.document, change.prepared
        for position, chunk_id in change.fresh.items():
            passage = prepared.passages[position]
            yield wire.packed_row(
                wire.int8(chunk_id),
                document.id.bytes,
                wire.text(document.site_id),
                wire.int8(change.audience),
                wire.int4(position),
                wire.text(passage.section),
                None if passage.page is None else wire.int4(passage.page),
                wire.int4(passage.start),
                wire.jsonb(json.dumps(passage.places)),
                wire.text(passage.text),
                wire.int4(passage.tokens),
                wire.text(content_hash(prepared, position)),
            )


def _store_vectors(session: Session, site_id: str, changes: Sequence[Change]) -> None:
    """Vectors of each model for what is new, and for what was kept and has none of that model yet."""
    models: dict[str, int] = {}
    for change in changes:
        for name, vectors in _by_model(change.prepared):
            if name not in models and vectors:
                models[name] = model_id(session, name, vectors[0].shape[1])
    for name, model in models.items():
        having = _having(session, [id_ for change in changes for id_ in change.kept.values()], model)
        wire.copy(session, "chunk_vectors", VECTOR_COLUMNS, _vector_rows(changes, name, model, having))
    first = next((models[change.prepared.model] for change in changes if change.prepared.model in models), None)
    site = update(Site).where(Site.id == site_id, Site.embedding_model_id.is_(None))
    session.execute(site.values(embedding_model_id=first))


def _by_model(prepared: Prepared) -> Iterable[tuple[str, tuple[Vectors, ...]]]:
    return ((prepared.model, prepared.vectors), *prepared.beside.items())


def _having(session: Session, chunk_ids: Sequence[int], model: int) -> set[int]:
    if not chunk_ids:
        return set()
    wanted = select(ChunkVector.chunk_id).where(ChunkVector.chunk_id.in_(chunk_ids), ChunkVector.model_id == model)
    return set(session.scalars(wanted))


def _vector_rows(changes: Sequence[Change], name: str, model: int, having: set[int]) -> Iterator[bytes]:
    for change in changes:
        vectors = dict(_by_model(change.prepared)).get(name)
        for position, chunk_id in (change.fresh | change.kept).items() if vectors else ():
            assert vectors is not None
            for window, half in enumerate(halves(vectors[position])) if chunk_id not in having else ():
                yield wire.packed_row(
                    wire.int8(chunk_id), wire.int2(model), wire.int2(window), wire.int8(change.audience), half
                )


def _entries(changes: Sequence[Change]) -> Iterator[Entry]:
    for change in changes:
        for position, chunk_id in change.fresh.items():
            passage = change.prepared.passages[position]
            text = indexed(change.prepared.title, passage.section, passage.text)
            yield Entry(chunk_id, text, change.prepared.language)
