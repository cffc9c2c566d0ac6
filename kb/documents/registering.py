"""Which documents a site has: sources are registered, and those that are gone or archived stop answering at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import SiteNotFound
from core.models import Document
from core.queue import Job, enqueue
from core.settings import get_settings
from kb.documents.claims import note_all
from kb.documents.marks import file_mark, kept
from kb.documents.preparing import configured_sizes, recipe
from kb.documents.probing import remember_words
from kb.embeddings.embedder import batched
from kb.index.replacing import move, tombstone
from kb.index.segments import locked
from kb.sources.source import Folder, Source

TOGETHER = 1_000  # sources that are looked at in one transaction
ARCHIVED = "archived: it must not answer"
RUNG_FOR = 64  # documents that one ring is enough for: who hears it takes others that wait, too


@dataclass(frozen=True)
class Registered:
    """What came of a folder: documents to be read, and how many were taken out, archived, passed over, or as before."""

    documents: tuple[UUID, ...]
    removed: int = 0
    archived: int = 0
    skipped: int = 0
    unchanged: int = 0


def register(session: Session, *, site_id: str, source: Source) -> Document:
    """Note that `source` is to be read (again). A live document goes on answering until its new text is in place.

    Raises SiteNotFound.
    """
    _queue(session, site_id, [source])
    wanted = select(Document).where(Document.site_id == site_id, Document.locator == source.locator)
    return session.scalars(wanted.execution_options(populate_existing=True)).one()


def register_folder(session: Session, *, site_id: str, folder: Folder) -> Registered:
    """Register all of `folder`, and take out what was registered from below it and is not there any more.

    A file is not touched while its time, its size and what is said about it are as they were. Raises SiteNotFound.
    """
    made = Registered((), removed=_take_out_missing(session, site_id, folder), skipped=folder.skipped)
    for some in batched(folder.sources, TOGETHER):
        made = _plus(made, _register_some(session, site_id, some))
    return made


def register_in_batches(site_id: str, folder: Folder, on_batch: Callable[[int], None] = lambda _: None) -> Registered:
    """`register_folder` in several transactions, so that a large folder keeps nobody waiting for the site's row."""
    with transaction() as session:
        made = Registered((), removed=_take_out_missing(session, site_id, folder), skipped=folder.skipped)
    for some in batched(folder.sources, TOGETHER):
        with transaction() as session:
            made = _plus(made, _register_some(session, site_id, some))
        on_batch(len(some))
    return made


def remove(session: Session, *, site_id: str, locator: str, reason: str = "removed") -> bool:
    """Stop a document from answering, from this commit on. False where there is none."""
    _lock(session, site_id)
    wanted = select(Document).where(Document.site_id == site_id, Document.locator == locator)
    document = session.scalars(wanted.with_for_update()).one_or_none()
    if document is None:
        return False
    take_out(session, document, reason)
    return True


def take_out(session: Session, document: Document, reason: str) -> None:
    """Tombstone `document`; that it is found no more is looked at after the commit."""
    remember_words(session, document)
    tombstone(session, document, reason)
    document.etag = ""


def _plus(one: Registered, other: Registered) -> Registered:
    return Registered(
        one.documents + other.documents,
        one.removed + other.removed,
        one.archived + other.archived,
        one.skipped + other.skipped,
        one.unchanged + other.unchanged,
    )


def _register_some(session: Session, site_id: str, sources: Sequence[Source]) -> Registered:
    """Only what is not as it was is written, and nothing is locked where nothing is to be written."""
    changed = _changed(session, site_id, sources)
    queued = _queue(session, site_id, changed) if changed else []
    archived = sum(source.archived for source in sources)
    return Registered(tuple(queued), archived=archived, unchanged=len(sources) - len(changed))


def _lock(session: Session, site_id: str) -> None:
    """Have nobody else change the site's index before this transaction ends. Raises SiteNotFound."""
    if not locked(session, site_id):
        raise SiteNotFound


def _changed(session: Session, site_id: str, sources: Sequence[Source]) -> list[Source]:
    wanted = select(Document).where(Document.locator.in_([source.locator for source in sources]))
    found = session.execute(
        wanted.where(Document.site_id == site_id).with_only_columns(
            *(Document.id, Document.locator, Document.state, Document.due_at, Document.etag, Document.checked_at),
            *(Document.title, Document.title_given, Document.url, Document.channels),
            *(Document.updated_at, Document.updated_given),
        )
    )
    known = {row.locator: row for row in found}
    same = [source for source in sources if source.locator in known and _same(known[source.locator], source)]
    old = datetime.now(UTC) - timedelta(hours=get_settings().index_stale_hours) / 4
    seen = [
        row.id for row in (known[source.locator] for source in same) if row.state == "live" and row.checked_at < old
    ]
    if seen:  # they were looked at, so the index is no older than now
        session.execute(update(Document).where(Document.id.in_(seen)).values(checked_at=func.now()))
    passed = {source.locator for source in same}
    return [source for source in sources if source.locator not in passed]


def _same(row: Any, source: Source) -> bool:
    if source.archived:
        return bool(row.state == "removed")
    if source.kind != "file" or row.state != "live" or row.due_at is not None or not row.etag:
        return False
    said = (row.title_given, row.updated_given, set(row.channels), row.url)
    described = (
        (not source.title or row.title == source.title)
        and (source.updated_at is None or row.updated_at == source.updated_at)
        and said == (bool(source.title), source.updated_at is not None, set(source.channels), source.url or row.url)
    )
    return described and row.etag == kept(recipe(source.title, configured_sizes()), file_mark(source.locator))


def _queue(session: Session, site_id: str, sources: Sequence[Source]) -> list[UUID]:
    """Have these read, and take out those that are archived. Returns the documents to be read."""
    _lock(session, site_id)
    now = session.scalars(select(func.now())).one()
    wanted = {source.locator: source for source in sources}
    rows = _known(session, site_id, list(wanted))
    queued = _add(session, site_id, [source for source in wanted.values() if source.locator not in rows], now)
    for locator, document in rows.items():
        source = wanted[locator]
        _describe(session, document, source)
        if source.archived:
            take_out(session, document, ARCHIVED)
            continue
        document.attempts, document.reason = 0, ""
        document.due_at = now
        if document.state != "live":
            document.state = "queued"
        queued.append(document.id)
    session.flush()
    note_all(session, queued, "queued")
    for document_id in queued[::RUNG_FOR]:
        enqueue(session, Job.INDEX_DOCUMENT, document_id=document_id)
    return queued


def _known(session: Session, site_id: str, locators: Sequence[str]) -> dict[str, Document]:
    """The documents that are there already; locked in one order, so that nobody dead-locks."""
    wanted = select(Document).where(Document.site_id == site_id, Document.locator.in_(locators))
    wanted = wanted.order_by(Document.id).with_for_update().execution_options(populate_existing=True)
    return {row.locator: row for row in session.scalars(wanted)}


def _add(session: Session, site_id: str, sources: Sequence[Source], now: datetime) -> list[UUID]:
    """Insert documents for these. Returns those to be read; what is archived is only known to be."""
    values: list[dict[str, Any]] = []
    for source in sources:
        ends = {"state": "removed", "reason": ARCHIVED, "due_at": None}
        waits = {"state": "queued", "reason": "", "due_at": now}
        said = {
            "title": source.title,
            "title_given": bool(source.title),
            "url": source.url or (source.locator if source.kind == "url" else ""),
            "address": source.address,
            "channels": list(source.channels),
            "updated_at": source.updated_at,
            "updated_given": source.updated_at is not None,
        }
        where = {"id": uuid4(), "site_id": site_id, "source": source.kind, "locator": source.locator}
        values.append(where | said | (ends if source.archived else waits))
    if values:
        session.execute(insert(Document), values)
    archived = [row["id"] for row in values if row["state"] == "removed"]
    if archived:
        note_all(session, archived, "removed", ARCHIVED)
    return [row["id"] for row in values if row["state"] == "queued"]


def _describe(session: Session, document: Document, source: Source) -> None:
    if document.state == "live" and set(document.channels) != set(source.channels):
        move(session, document, source.channels)  # from this commit on it answers in others
    given = source.url if source.url != source.locator else ""  # else a page's own word for its address stays
    document.url = given or document.url or (source.locator if source.kind == "url" else "")
    document.address = source.address
    document.channels = list(source.channels)
    document.title_given, document.updated_given = bool(source.title), source.updated_at is not None
    if source.title:
        document.title = source.title
    if source.updated_at:
        document.updated_at = source.updated_at


def _take_out_missing(session: Session, site_id: str, folder: Folder) -> int:
    """Take out documents whose files are gone from `folder`. Returns how many."""
    if not folder.whole:
        return 0
    inside = Document.locator.startswith(f"{folder.path}/", autoescape=True)
    wanted = select(Document.id, Document.locator).where(
        Document.site_id == site_id, Document.source == "file", Document.state != "removed", inside
    )
    present = {source.locator for source in folder.sources}
    gone = [row.id for row in session.execute(wanted) if row.locator not in present]
    if gone:
        _lock(session, site_id)
        locked = select(Document).where(Document.id.in_(gone), Document.state != "removed").order_by(Document.id)
        for document in session.scalars(locked.with_for_update()):
            take_out(session, document, "the file is gone")
    return len(gone)
