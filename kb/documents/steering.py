"""What an operator does with documents: read again, pause, go on, cancel; and which of them a worker is rung for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select, true, update
from sqlalchemy.orm import Session

from core.errors import DocumentNotFound, SiteNotFound
from core.models import Document, Site
from core.queue import Job, enqueue
from kb.documents.claims import note_all, waiting
from kb.documents.registering import RUNG_FOR

RINGS = 4  # for one site in one sweep: whoever hears one takes many documents
WORKING = ("fetching", "extracting", "embedding")


def find_document(session: Session, site_id: str, wanted: str) -> Document:
    """A document of the site by its id, its path or address, or the end of either. Raises DocumentNotFound."""
    mine = select(Document).where(Document.site_id == site_id)
    exactly = or_(Document.locator == wanted, cast(Document.id, String) == wanted)
    ending = mine.where(Document.locator.endswith(wanted, autoescape=True)).order_by(Document.locator)
    rows = session.scalars(mine.where(exactly)).all() or session.scalars(ending.limit(2)).all()
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise DocumentNotFound(f"More than one document ends in {wanted!r}: give more of its path, or its id.")
    raise DocumentNotFound(
        f"{site_id} has no document {wanted!r}: `handrail kb status --site {site_id} --all` lists them."
    )


def retry(session: Session, site_id: str, document_id: UUID | None = None) -> int:
    """Have those that failed or wait for another attempt, or one of them, read now. Returns how many."""
    waits = and_(Document.reason != "", Document.due_at.is_not(None))
    return _have_read(session, site_id, _one(document_id), or_(Document.state == "failed", waits), "tried again")


def reindex(session: Session, site_id: str, document_id: UUID | None = None) -> int:
    """Have all, or one, prepared anew even if nothing has changed. Returns how many; what was removed stays so."""
    asked = and_(_one(document_id), Document.state != "removed")
    values = {"content_hash": "", "etag": ""}
    session.execute(update(Document).where(Document.site_id == site_id, asked).values(values))
    return _have_read(session, site_id, asked, true(), "to be read anew")


def cancel(session: Session, site_id: str, document_id: UUID | None = None) -> int:
    """Have what waits or is worked on, or one of them, not read. What is live stays as it is. Returns how many."""
    asked = and_(_one(document_id), Document.due_at.is_not(None))
    live = _changed(session, site_id, and_(asked, Document.state == "live"), {"reason": ""})
    new = _changed(
        session, site_id, and_(asked, Document.state != "live"), {"state": "cancelled", "reason": "cancelled"}
    )
    note_all(session, live, "live", "reading it again was cancelled")
    note_all(session, new, "cancelled")
    return len(live) + len(new)


def pause(session: Session, site_id: str, document_id: UUID | None = None, *, paused: bool = True) -> int:
    """Have a document, or all of a site's, not be read until somebody resumes it. Returns how many wait then."""
    if document_id is None:
        session.execute(update(Site).where(Site.id == site_id).values(indexing_paused=paused))
    else:
        session.execute(update(Document).where(Document.id == document_id).values(paused=paused))
        note_all(session, [document_id], "paused" if paused else "resumed")
    asked = and_(Document.site_id == site_id, _one(document_id))
    if paused:  # who works on one of them finds that it has lost it
        session.execute(update(Document).where(asked, Document.state.in_(WORKING)).values(state="queued"))
        session.execute(update(Document).where(asked).values(leased_until=None))
    else:
        _ring(session, session.scalars(select(Document.id).where(asked, waiting())).all())
    return session.scalar(select(func.count()).where(asked, Document.due_at.is_not(None))) or 0


def rings(session: Session) -> list[UUID]:
    """Documents to ring for: of each site with waiting ones so many that all of those are taken before long."""
    numbered = (
        select(
            Document.id,
            func.row_number().over(partition_by=Document.site_id, order_by=(Document.due_at, Document.id)).label("at"),
        )
        .where(waiting())
        .subquery()
    )
    first = select(numbered.c.id).where(numbered.c.at % RUNG_FOR == 1, numbered.c.at <= RINGS * RUNG_FOR)
    return list(session.scalars(first.order_by(numbered.c.at)))


def unverified(session: Session) -> bool:
    """Whether a document was taken out of which it was not seen yet that it is found no more."""
    return session.scalar(select(Document.id).where(Document.probe != "").limit(1)) is not None


def checked_site(session: Session, site_id: str) -> Site:
    """The site. Raises SiteNotFound."""
    site = session.get(Site, site_id)
    if site is None:
        raise SiteNotFound
    return site


def _one(document_id: UUID | None) -> ColumnElement[bool]:
    return true() if document_id is None else Document.id == document_id


def _have_read(session: Session, site_id: str, asked: ColumnElement[bool], which: ColumnElement[bool], why: str) -> int:
    queued = {"due_at": func.now(), "attempts": 0, "reason": ""}
    new = _changed(session, site_id, and_(asked, which, Document.state != "live"), queued | {"state": "queued"})
    live = _changed(session, site_id, and_(asked, which, Document.state == "live"), queued)
    note_all(session, [*new, *live], "queued", why)
    _ring(session, [*new, *live])
    return len(new) + len(live)


def _changed(session: Session, site_id: str, which: ColumnElement[bool], values: dict[str, object]) -> list[UUID]:
    """Change these, and have whoever works on one of them lose it."""
    changed = update(Document).where(Document.site_id == site_id, which)
    changed = changed.values({"leased_until": None, "due_at": None} | values)
    return list(session.scalars(changed.returning(Document.id)))


def _ring(session: Session, ids: Sequence[UUID]) -> None:
    for document_id in ids[::RUNG_FOR]:
        enqueue(session, Job.INDEX_DOCUMENT, document_id=document_id)
