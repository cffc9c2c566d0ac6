"""Which documents a site has: sources are registered, and those that are gone or archived stop answering at once."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import SiteNotFound
from core.models import Document
from core.queue import Job, enqueue
from kb.replacing import move, note, tombstone
from kb.segments import locked
from kb.sources import Folder, Source


@dataclass(frozen=True)
class Registered:
    """What came of a folder: documents to be read, and how many were taken out, archived or passed over."""

    documents: tuple[UUID, ...]
    removed: int = 0
    archived: int = 0
    skipped: int = 0


def register(session: Session, *, site_id: str, source: Source) -> Document:
    """Note that `source` is to be read (again). A live document goes on answering until its new text is in place.

    Raises SiteNotFound.
    """
    if not locked(session, site_id):
        raise SiteNotFound
    document = _row(session, site_id, source)
    _describe(session, document, source)
    if source.archived:
        tombstone(session, document, "archived: it must not answer")
        return document
    document.attempts, document.reason = 0, ""
    document.due_at = func.now()
    if document.state != "live":
        document.state = "queued"
    note(session, document, "queued")
    session.refresh(document)
    enqueue(session, Job.INDEX_DOCUMENT, document_id=document.id)
    return document


def register_folder(session: Session, *, site_id: str, folder: Folder) -> Registered:
    """Register all of `folder`, and take out what was registered from below it and is not there any more."""
    if not locked(session, site_id):  # before any document
        raise SiteNotFound
    kept = [register(session, site_id=site_id, source=source) for source in folder.sources]
    present = {source.locator for source in folder.sources}
    removed = 0
    for document in _below(session, site_id, folder) if folder.whole else []:
        if document.locator not in present and document.state != "removed":
            tombstone(session, document, "the file is gone")
            removed += 1
    archived = sum(source.archived for source in folder.sources)
    return Registered(tuple(one.id for one in kept if one.state != "removed"), removed, archived, folder.skipped)


def remove(session: Session, *, site_id: str, locator: str, reason: str = "removed") -> bool:
    """Stop a document from answering, from this commit on. False where there is none."""
    locked(session, site_id)
    wanted = select(Document).where(Document.site_id == site_id, Document.locator == locator)
    document = session.scalars(wanted.with_for_update()).one_or_none()
    if document is None:
        return False
    tombstone(session, document, reason)
    return True


def _row(session: Session, site_id: str, source: Source) -> Document:
    wanted = select(Document).where(Document.site_id == site_id, Document.locator == source.locator)
    document = session.scalars(wanted.with_for_update()).one_or_none()
    if document is None:
        document = Document(site_id=site_id, source=source.kind, locator=source.locator, channels=[])
        session.add(document)
        session.flush()
    return document


def _describe(session: Session, document: Document, source: Source) -> None:
    if document.state == "live" and set(document.channels) != set(source.channels):
        move(session, document, source.channels)
    document.url = source.url or (source.locator if source.kind == "url" else document.url)
    document.channels = list(source.channels)
    document.title_given, document.updated_given = bool(source.title), source.updated_at is not None
    if source.title:
        document.title = source.title
    if source.updated_at:
        document.updated_at = source.updated_at


def _below(session: Session, site_id: str, folder: Folder) -> list[Document]:
    inside = Document.locator.startswith(f"{folder.path}/", autoescape=True)
    wanted = select(Document).where(Document.site_id == site_id, Document.source == "file", inside)
    return list(session.scalars(wanted.with_for_update()))
