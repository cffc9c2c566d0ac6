"""What changes in the index, each in one transaction that also raises the site's `kb_version`.

Each takes the site's lock first. Whoever locks a document as well takes `kb.index.segments.locked` before that.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, not_, select, text, update
from sqlalchemy.orm import Session

from core.models import Chunk, Document, DocumentEvent, Site
from kb.documents.preparing import Prepared
from kb.index import segments
from kb.index.audiences import audience_id, note_language
from kb.index.moving import move_chunks
from kb.index.staged import forget_staged, is_staged
from kb.index.storing import Change, store
from kb.index.writing import write_together

NOTE_EACH = text("""
    INSERT INTO document_events (document_id, state, reason)
    SELECT id, 'live', reason FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) AS noted (id, reason)
""")


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
    return replace_many(session, [(document, prepared)])[0]


def replace_many(session: Session, changes: Sequence[tuple[Document, Prepared]]) -> list[int]:
    """The same for many documents of one site or several, each document once: one segment for all of an audience."""
    if session.new:  # their rows are there before anything refers to them
        session.flush()
    made: dict[str, int] = {}
    for site_id in sorted({document.site_id for document, _ in changes}):
        segments.locked(session, site_id)
        here = [Change(document, prepared) for document, prepared in changes if document.site_id == site_id]
        with session.no_autoflush:  # each document is written once, with what the caller has changed of it
            store(session, site_id, here)
            forget_staged(session, [change.document.id for change in here])
            for change in here:
                _live(change)
                made[str(change.document.id)] = len(change.fresh)
            write_together(session, [change.document for change in here])
            _note_all(session, here)
            raise_version(session, site_id)
    return [made[str(document.id)] for document, _ in changes]


def move(session: Session, document: Document, channels: Iterable[str]) -> None:
    """Have a live document answer in other `channels` from this commit on."""
    segments.locked(session, document.site_id)
    audience = audience_id(session, document.site_id, channels)
    wanted = select(Chunk.id, Chunk.audience_id).where(Chunk.document_id == document.id, not_(is_staged()))
    move_chunks(session, {id_: old for id_, old in session.execute(wanted) if old != audience}, audience)
    if document.language:
        note_language(session, audience, document.language)
    raise_version(session, document.site_id)


def _live(change: Change) -> None:
    document, prepared = change.document, change.prepared
    document.state, document.reason = "live", prepared.warning
    document.title, document.content_hash = prepared.title, prepared.content_hash


def _note_all(session: Session, changes: Sequence[Change]) -> None:
    reasons = [f"{len(change.prepared.passages)} chunks, {len(change.fresh)} of them new" for change in changes]
    session.execute(NOTE_EACH, {"ids": [change.document.id for change in changes], "reasons": reasons})


def _drop(session: Session, document: Document, *, was_live: bool) -> None:
    segments.locked(session, document.site_id)
    document.due_at = document.leased_until = None
    document.content_hash = ""
    gone = delete(Chunk).where(Chunk.document_id == document.id).returning(Chunk.id, Chunk.audience_id)
    left: dict[int, list[int]] = {}
    for chunk_id, audience in session.execute(gone):
        left.setdefault(audience, []).append(chunk_id)
    for audience, chunk_ids in left.items():
        segments.remove(session, audience, chunk_ids)
    forget_staged(session, [document.id])
    if was_live:
        raise_version(session, document.site_id)
    note(session, document, document.state, document.reason)
