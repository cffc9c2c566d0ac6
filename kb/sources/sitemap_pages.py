"""The pages of a sitemap as documents: new ones are read, changed ones again, those it names no more are taken out."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.models import Document, Sitemap
from core.queue import Job, enqueue
from kb.documents.registering import register, remove
from kb.index.replacing import note
from kb.sources.crawl import Crawled
from kb.sources.sitemap_file import Listed
from kb.sources.source import Source

GONE = "it is not in the sitemap any more"
LEFT_ALONE = {"removed", "cancelled"}  # by somebody, so a sitemap does not bring it back
RUNG_AT_ONCE = 16  # the sweep rings for the rest when they are due
A_DAY = timedelta(hours=38)  # until it is over everywhere, and a date without a time says nothing new any more


@dataclass(frozen=True)
class Taken:
    """How many pages will be read, how many were taken out, and how many are past the limit."""

    due: int
    removed: int
    beyond: int


def take_pages(session: Session, sitemap: Sitemap, found: Crawled, *, most: int, gap: timedelta) -> Taken:
    """Make documents of the first `most` pages, `gap` apart; the caller holds the locks of site and sitemap."""
    known = _known(session, sitemap.site_id)
    pages = list(found.pages.values())[:most]
    at = datetime.now(UTC)
    seen: list[Document] = []
    due: list[Document] = []
    for page in pages:
        document = known.get(page.url)
        if document is None:
            document = _new(session, sitemap, page)
        elif document.sitemap_id != sitemap.id and document.reason != GONE:
            continue  # registered by hand or by another sitemap, which looks after it
        elif not _wanted(session, sitemap, document, page, seen):
            continue
        document.sitemap_id, document.due_at = sitemap.id, at
        at += gap
        due.append(document)
    session.flush()
    for document in due:
        note(session, document, "queued", "in the sitemap")
    for document in due[:RUNG_AT_ONCE]:
        enqueue(session, Job.INDEX_DOCUMENT, document_id=document.id)
    ids = [document.id for document in seen]
    session.execute(update(Document).where(Document.id.in_(ids)).values(checked_at=func.now()))
    removed = forget_pages(session, sitemap, keep=set(found.pages)) if found.complete else 0
    return Taken(len(due), removed, max(0, len(found.pages) - most))


def forget_pages(session: Session, sitemap: Sitemap, *, keep: set[str]) -> int:
    """Take out the pages of this sitemap that are not among `keep`. Returns how many."""
    wanted = select(Document.locator).where(Document.sitemap_id == sitemap.id, Document.state != "removed")
    gone = [locator for locator in session.scalars(wanted) if locator not in keep]
    for locator in gone:
        remove(session, site_id=sitemap.site_id, locator=locator, reason=GONE)
    return len(gone)


def _known(session: Session, site_id: str) -> dict[str, Document]:
    wanted = select(Document).where(Document.site_id == site_id, Document.source == "url").order_by(Document.id)
    rows = session.scalars(wanted.with_for_update().execution_options(populate_existing=True))
    return {document.locator: document for document in rows}


def _new(session: Session, sitemap: Sitemap, page: Listed) -> Document:
    document = Document(site_id=sitemap.site_id, source="url", locator=page.url, url=page.url, state="queued")
    document.channels, document.updated_at = list(sitemap.channels), page.changed_at
    document.updated_given = page.changed_at is not None
    session.add(document)
    return document


def _wanted(session: Session, sitemap: Sitemap, document: Document, page: Listed, seen: list[Document]) -> bool:
    """Whether a known page is to be read again; one that only was looked at goes to `seen`."""
    if document.paused or (document.state in LEFT_ALONE and document.reason != GONE):
        return False
    if set(document.channels) != set(sitemap.channels):
        source = Source("url", page.url, url=page.url, channels=tuple(sitemap.channels), updated_at=page.changed_at)
        register(session, site_id=sitemap.site_id, source=source)
        return True
    if _as_it_was(document, page):
        seen.append(document)
        return False
    document.updated_given = page.changed_at is not None
    document.updated_at = page.changed_at or document.updated_at
    if document.due_at is not None and document.state != "failed":
        return False  # it waits already
    document.attempts = 0
    document.state = document.state if document.state == "live" else "queued"
    return True


def _as_it_was(document: Document, page: Listed) -> bool:
    """The page is known as the sitemap has it: read since, and without an error."""
    if document.state != "live" or document.reason or document.due_at is not None or document.checked_at is None:
        return False
    if page.changed_at is None or document.updated_at != page.changed_at:
        return False
    vague = page.changed_at.timetz().replace(tzinfo=None) == time()  # a date: it may have changed again on that day
    return not vague or document.checked_at > page.changed_at + A_DAY
