"""What changes in the index, each in one transaction that also raises the site's `kb_version`."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.models import Chunk, ChunkVector, Document, DocumentEvent, Site
from kb.audiences import audience_id, model_id
from kb.preparing import Prepared


def note(session: Session, document: Document, state: str, reason: str = "") -> None:
    """Add a line to the document's history."""
    session.flush()
    session.add(DocumentEvent(document_id=document.id, state=state, reason=reason))


def raise_version(session: Session, site_id: str) -> None:
    """Tell every process that the site's index is another one now."""
    session.execute(update(Site).where(Site.id == site_id).values(kb_version=Site.kb_version + 1))


def tombstone(session: Session, document: Document, reason: str) -> None:
    """Stop `document` from answering, from this commit on; its chunks are dropped with it."""
    if document.state == "removed":
        return
    was_live = document.state == "live"
    document.state, document.reason = "removed", reason
    _drop(session, document, was_live=was_live)


def fail(session: Session, document: Document, reason: str) -> None:
    """Note that `document` can't be known, and why; what it said before does not answer any more."""
    was_live = document.state == "live"
    document.state, document.reason = "failed", reason
    _drop(session, document, was_live=was_live)


def replace(session: Session, document: Document, prepared: Prepared) -> int:
    """Put the new text in place of the old; chunks that did not change keep their id. Returns how many are new."""
    old = _old(session, document)
    fresh: list[int] = []
    hashes = [_hash(prepared, position) for position in range(len(prepared.passages))]
    for position, digest in enumerate(hashes):
        if old[digest]:
            row = old[digest].pop()
            row.position, row.page = position, prepared.passages[position].page
        else:
            fresh.append(position)
    gone = [row.id for rows in old.values() for row in rows]
    session.flush()
    if gone:
        session.execute(delete(Chunk).where(Chunk.id.in_(gone)))
    _add(session, document, prepared, {position: hashes[position] for position in fresh})
    document.state, document.reason = "live", ""
    document.title, document.content_hash = prepared.title, prepared.content_hash
    document.language = prepared.language
    raise_version(session, document.site_id)
    note(session, document, "live", f"{len(prepared.passages)} chunks, {len(fresh)} of them new")
    return len(fresh)


def replace_many(session: Session, pairs: Sequence[tuple[Document, Prepared]]) -> list[int]:
    """`replace` for many documents of one site."""
    return [replace(session, document, prepared) for document, prepared in pairs]


def move(session: Session, document: Document, channels: Iterable[str]) -> None:
    """Have a live document answer in other `channels` from this commit on."""
    audience = audience_id(session, document.site_id, channels)
    moved = update(Chunk).where(Chunk.document_id == document.id).values(audience_id=audience).returning(Chunk.id)
    ids = session.scalars(moved).all()
    session.execute(update(ChunkVector).where(ChunkVector.chunk_id.in_(ids)).values(audience_id=audience))


def _hash(prepared: Prepared, position: int) -> str:
    """Identity of a chunk. The title is part of it because its vectors depend on that; models come and go."""
    said = f"{prepared.title}\n{prepared.passages[position].content_hash}"
    return hashlib.sha256(said.encode()).hexdigest()


def _old(session: Session, document: Document) -> defaultdict[str, list[Chunk]]:
    old: defaultdict[str, list[Chunk]] = defaultdict(list)
    for row in session.scalars(select(Chunk).where(Chunk.document_id == document.id)):
        old[row.content_hash].append(row)
    return old


def _add(session: Session, document: Document, prepared: Prepared, fresh: dict[int, str]) -> None:
    if not fresh:
        return
    audience = audience_id(session, document.site_id, document.channels)
    model = model_id(session, prepared.model, prepared.vectors[0].shape[1])
    rows = [
        {
            "document_id": document.id,
            "site_id": document.site_id,
            "audience_id": audience,
            "position": position,
            "section": prepared.passages[position].section,
            "page": prepared.passages[position].page,
            "text": prepared.passages[position].text,
            "tokens": prepared.passages[position].tokens,
            "content_hash": digest,
        }
        for position, digest in fresh.items()
    ]
    ids = session.scalars(insert(Chunk).returning(Chunk.id, sort_by_parameter_order=True), rows).all()
    vectors = [
        {
            "chunk_id": chunk_id,
            "model_id": model,
            "window": number,
            "audience_id": audience,
            "embedding": vector,
        }
        for chunk_id, position in zip(ids, fresh, strict=True)
        for number, vector in enumerate(prepared.vectors[position])
    ]
    session.execute(insert(ChunkVector), vectors)


def _drop(session: Session, document: Document, *, was_live: bool) -> None:
    document.due_at = document.leased_until = None
    document.content_hash = ""
    session.execute(delete(Chunk).where(Chunk.document_id == document.id))
    if was_live:
        raise_version(session, document.site_id)
    note(session, document, document.state, document.reason)
