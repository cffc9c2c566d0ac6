"""The gate on knowledge: a changed document is staged beside what it says now, until it is let live or thrown away."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from core.errors import Conflict, DocumentNotFound
from core.models import Chunk, Document, Site, StagedDocument
from kb.chunks.chunker import Passage
from kb.documents.preparing import Prepared
from kb.index import segments
from kb.index.audiences import audience_id
from kb.index.replacing import note, replace
from kb.index.staged import forget_staged, hidden_channel, is_staged
from kb.index.storing import Change, content_hash, store_beside
from kb.search.view import View

Json = dict[str, Any]

LEASE_MINUTES = 15  # of a trial, so that one whose process died is made again
STAGED = "a changed version waits until its questions hold"
CLAIM = text(f"""
    UPDATE staged_documents SET leased_until = clock_timestamp() + interval '{LEASE_MINUTES} minutes'
    WHERE document_id = (
        SELECT document_id FROM staged_documents
        WHERE state = 'waiting' AND (leased_until IS NULL OR leased_until < clock_timestamp())
        ORDER BY staged_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING document_id
""")  # noqa: S608 - a number of ours


@dataclass(frozen=True)
class Count:
    """How many changes, and since when the oldest of them waits."""

    changes: int = 0
    since: datetime | None = None


class NothingStaged(DocumentNotFound):
    """No changed version of this document waits: it was let live, thrown away, or taken out meanwhile."""


def gated(session: Session, site_id: str) -> bool:
    """Whether changes of the site's documents wait for their questions."""
    return session.scalar(select(Site.gate).where(Site.id == site_id)) == "on"


def set_gate(session: Session, site_id: str, *, on: bool) -> None:
    """Switch it on; or off, which lets everything live that waits."""
    segments.locked(session, site_id)
    session.execute(update(Site).where(Site.id == site_id).values(gate="on" if on else "off"))
    if not on:
        waiting = select(StagedDocument.document_id).where(
            StagedDocument.site_id == site_id, StagedDocument.draft.is_not(None)
        )
        for document_id in session.scalars(waiting).all():
            let_live(session, document_id, "the gate was switched off")


def stage(session: Session, document: Document, prepared: Prepared) -> bool:
    """Keep a live document's new text beside the old. False where no word of it changes: then it can go live.

    The caller holds the locks of site and document.
    """
    known = session.get(StagedDocument, document.id)
    if known is not None and known.content_hash == prepared.content_hash:
        return True
    if known is not None:
        _clear(session, document.id)
        session.delete(known)
        session.flush()
    fresh, leaving = _difference(session, document, prepared)
    if not fresh and not leaving:
        return False
    audience = audience_id(session, document.site_id, [hidden_channel(document.id)])
    change = Change(document, prepared, audience=audience, fresh=dict.fromkeys(fresh, 0))
    store_beside(session, document.site_id, change)
    session.add(
        StagedDocument(
            document_id=document.id,
            site_id=document.site_id,
            content_hash=prepared.content_hash,
            draft=_written(prepared),
            leaving=leaving,
        )
    )
    note(session, document, "staged", f"{STAGED}: {len(fresh)} passages new, {len(leaving)} go")
    return True


def find(session: Session, document_id: UUID) -> StagedDocument:
    """What waits of a document. Raises NothingStaged."""
    found = session.get(StagedDocument, document_id, populate_existing=True)
    if found is None or found.draft is None:
        raise NothingStaged
    return found


def waiting(session: Session, site_id: str) -> Sequence[tuple[StagedDocument, Document]]:
    """What waits on a site, those first that a person must look at."""
    wanted = select(StagedDocument, Document).join(Document, Document.id == StagedDocument.document_id)
    wanted = wanted.where(StagedDocument.site_id == site_id, StagedDocument.draft.is_not(None))
    rows = session.execute(wanted.order_by(StagedDocument.state, StagedDocument.staged_at)).all()
    return [(row[0], row[1]) for row in rows]


def counted(session: Session, site_id: str = "") -> tuple[Count, Count]:
    """What waits on a site, or on all: to be tried, and for a person."""
    column = StagedDocument.state
    wanted = select(column, func.count(), func.min(StagedDocument.staged_at)).where(StagedDocument.draft.is_not(None))
    if site_id:
        wanted = wanted.where(StagedDocument.site_id == site_id)
    found = {row[0]: Count(row[1], row[2]) for row in session.execute(wanted.group_by(column))}
    return found.get("waiting", Count()), found.get("held", Count())


def claim(session: Session) -> UUID | None:
    """The document whose change is to be tried next, for whoever asks first."""
    found: UUID | None = session.execute(CLAIM).scalar_one_or_none()
    return found


def view_of(staged: StagedDocument) -> View:
    """What a search sees while this is tried."""
    return View(hidden_channel(staged.document_id), frozenset(staged.leaving))


def passages_of(staged: StagedDocument) -> list[Passage]:
    """What the document would say."""
    return [_passage(each) for each in (staged.draft or {}).get("passages", ())]


def hold(session: Session, document_id: UUID, tried: str, report: Json) -> bool:
    """Keep it until a person decides. False where another version than `tried`, a content hash, waits by now."""
    document, staged = _locked(session, document_id)
    if staged.content_hash != tried:
        return False
    staged.state, staged.report, staged.leased_until = "held", report, None
    note(session, document, "held", "answers would change: a person decides")
    return True


def let_live(session: Session, document_id: UUID, why: str, tried: str | None = None) -> None:
    """Put the staged text in place of the old. Raises NothingStaged; Conflict where another version waits by now."""
    document, staged = _locked(session, document_id)
    if tried is not None and staged.content_hash != tried:
        raise Conflict("Another version of this document waits by now: it is tried anew.")
    prepared = _prepared(staged)
    replace(session, document, prepared)
    note(session, document, "live", why)


def throw_away(session: Session, document_id: UUID, why: str) -> None:
    """Keep what is live. The same version is not staged again; another one is. Raises NothingStaged."""
    document, staged = _locked(session, document_id)
    _clear(session, document_id)
    staged.state, staged.draft, staged.leaving, staged.report = "thrown", None, [], {}
    note(session, document, "live", why)


def unstage(session: Session, document_ids: Sequence[UUID]) -> None:
    """Their sources say again what is live: whatever was staged of them is dropped."""
    wanted = select(StagedDocument.document_id, StagedDocument.site_id)
    for row in session.execute(wanted.where(StagedDocument.document_id.in_(document_ids))).all():
        segments.locked(session, row.site_id)
        _clear(session, row.document_id)
        forget_staged(session, [row.document_id])


def _locked(session: Session, document_id: UUID) -> tuple[Document, StagedDocument]:
    """Site first, then the document: as everybody who writes the index."""
    site_id = session.scalar(select(Document.site_id).where(Document.id == document_id))
    if site_id is None:
        raise NothingStaged
    segments.locked(session, site_id)
    wanted = select(Document).where(Document.id == document_id).with_for_update()
    document = session.scalars(wanted, execution_options={"populate_existing": True}).one_or_none()
    if document is None:
        raise NothingStaged
    return document, find(session, document_id)


def _difference(session: Session, document: Document, prepared: Prepared) -> tuple[list[int], list[int]]:
    """Positions of passages that are new, and the ids of live ones that would go."""
    wanted = select(Chunk.id, Chunk.content_hash).where(Chunk.document_id == document.id, ~is_staged())
    live = session.execute(wanted.order_by(Chunk.position)).all()
    hashes = [content_hash(prepared, position) for position in range(len(prepared.passages))]
    there, staying = Counter(row.content_hash for row in live), Counter(hashes)
    fresh = []
    for position, one in enumerate(hashes):
        if there[one]:
            there[one] -= 1
        else:
            fresh.append(position)
    leaving = []
    for row in live:
        if staying[row.content_hash]:
            staying[row.content_hash] -= 1
        else:
            leaving.append(row.id)
    return fresh, leaving


def _clear(session: Session, document_id: UUID) -> None:
    gone = delete(Chunk).where(Chunk.document_id == document_id, is_staged()).returning(Chunk.id, Chunk.audience_id)
    rows = session.execute(gone, execution_options={"synchronize_session": False}).all()
    for audience in {row.audience_id for row in rows}:
        segments.remove(session, audience, [row.id for row in rows if row.audience_id == audience])


def _written(prepared: Prepared) -> Json:
    told = {"title": prepared.title, "language": prepared.language, "warning": prepared.warning}
    return told | {"passages": [asdict(passage) for passage in prepared.passages]}


def _prepared(staged: StagedDocument) -> Prepared:
    """As it was prepared, but for the vectors: those stand in their table."""
    draft = staged.draft or {}
    told = {name: draft[name] for name in ("title", "language", "warning")}
    return Prepared(content_hash=staged.content_hash, passages=tuple(passages_of(staged)), vectors=(), model="", **told)


def _passage(kept: Json) -> Passage:
    places = tuple((at, page, anchor) for at, page, anchor in kept["places"])
    return Passage(**{**kept, "places": places})
