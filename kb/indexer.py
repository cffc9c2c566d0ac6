"""The life of a document: claimed by lease, read, prepared, and put in place in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import DocumentNotFound, HandrailError, SourceRefused
from core.log import get_logger
from core.models import Document
from core.settings import get_settings
from kb.chunker import Sizes
from kb.embeddings import Embedder, get_embedder
from kb.errors import DocumentUnreadable, SourceGone
from kb.fetch import Limits
from kb.preparing import fingerprint, prepare
from kb.replacing import fail, note, replace
from kb.sources import Kind, Raw, Source, read

log = get_logger(__name__)

LEASE = timedelta(minutes=2)  # renewed at each step and batch; after a kill the sweep waits for it at most this long
BACKOFF = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10))  # after each attempt that failed
FOR_GOOD = (DocumentUnreadable, SourceGone, SourceRefused)  # trying again is of no use

Progress = Callable[[Document, str], None]


class LeaseLost(HandrailError):
    """Somebody else works on this document now, or it was removed: what was prepared is thrown away."""


@dataclass
class _Claim:
    """A document while we have it. `leased_until` is the fence, too: who claims it later sets another one."""

    document_id: UUID
    leased_until: datetime
    was_live: bool


def index_document(document_id: UUID, *, embedder: Embedder | None = None, on_progress: Progress | None = None) -> str:
    """Index one document if it is due and free. Returns the state that it has then.

    Errors of the source end in a state with a reason, never in an exception. Raises DocumentNotFound.
    """
    embedder = embedder or get_embedder()
    claimed = _claim(document_id)
    if claimed is None:
        return _state(document_id)
    claim, source, content_hash = claimed
    try:
        _work(claim, source, content_hash, embedder, on_progress)
    except LeaseLost:
        log.info("lease_lost", document=str(document_id))
    except FOR_GOOD as error:
        _give_up(claim, error.detail)
    except HandrailError as error:
        _try_later(claim, error.detail)
    except Exception:  # a parser met something that nobody thought of: the rest must go on
        log.exception("document_broke", document=str(document_id))
        _give_up(claim, "The document could not be read because of an internal error; the log has the cause.")
    return _state(document_id, on_progress)


def due(site_id: str | None = None, *, limit: int = 100) -> list[UUID]:
    """Documents to be read now that nobody works on, the longest waiting first."""
    wanted = select(Document.id).where(Document.due_at <= func.now(), _free()).order_by(Document.due_at).limit(limit)
    if site_id is not None:
        wanted = wanted.where(Document.site_id == site_id)
    with transaction() as session:
        return list(session.scalars(wanted))


def refresh_old(limit: int = 20) -> None:
    """Have live documents read again long before they are stale: unchanged ones cost a look at their bytes."""
    age = timedelta(hours=get_settings().index_stale_hours) / 2
    old = select(Document.id).where(
        Document.state == "live", Document.due_at.is_(None), Document.checked_at < func.now() - age
    )
    with transaction() as session:
        ids = session.scalars(old.limit(limit).with_for_update(skip_locked=True)).all()
        session.execute(update(Document).where(Document.id.in_(ids)).values(due_at=func.now(), attempts=0))


def index_all(site_id: str, on_progress: Progress, *, embedder: Embedder | None = None) -> None:
    """Index, in this process, all of a site's documents that are due; tell each change of state."""
    while ids := due(site_id):
        for document_id in ids:
            index_document(document_id, embedder=embedder, on_progress=on_progress)


def _free() -> ColumnElement[bool]:
    return or_(Document.leased_until.is_(None), Document.leased_until < func.clock_timestamp())


def _claim(document_id: UUID) -> tuple[_Claim, Source, str] | None:
    wanted = select(Document).where(Document.id == document_id, Document.due_at <= func.now(), _free())
    with transaction() as session:
        document = session.scalars(wanted.with_for_update(skip_locked=True)).one_or_none()
        if document is None:
            return None
        document.attempts += 1
        document.leased_until = func.clock_timestamp() + LEASE
        session.flush()
        session.refresh(document)
        assert document.leased_until is not None
        claim = _Claim(document.id, document.leased_until, document.state == "live")
        title = document.title if document.title_given else ""
        source = Source(cast("Kind", document.source), document.locator, address=document.address, title=title)
        return claim, source, document.content_hash if claim.was_live else ""


def _work(claim: _Claim, source: Source, known: str, embedder: Embedder, on_progress: Progress | None) -> None:
    settings = get_settings()

    def on_state(state: str) -> None:
        _say(claim, state, on_progress)

    on_state("fetching")
    limits = Limits(settings.fetch_max_bytes, settings.fetch_seconds, settings.fetch_private_hosts)
    raw = read(source, limits)
    if known == fingerprint(raw, source.title, embedder):
        _finish(claim, raw, lambda session, document: note(session, document, "live", "unchanged"))
        return
    sizes = Sizes(settings.chunk_min_tokens, settings.chunk_max_tokens, settings.chunk_overlap_tokens)
    prepared = prepare(raw, source.title, embedder, sizes, on_state=on_state, on_batch=lambda: _renew(claim))
    _finish(claim, raw, lambda session, document: replace(session, document, prepared))


def _held(session: Session, claim: _Claim) -> Document:
    """The document, locked, if it is still ours. Raises LeaseLost."""
    wanted = select(Document).where(Document.id == claim.document_id, Document.leased_until == claim.leased_until)
    document = session.scalars(wanted.with_for_update()).one_or_none()
    if document is None:
        raise LeaseLost
    return document


def _renew(claim: _Claim) -> None:
    with transaction() as session:
        _extend(session, claim)


def _extend(session: Session, claim: _Claim) -> Document:
    document = _held(session, claim)
    document.leased_until = func.clock_timestamp() + LEASE
    session.flush()
    session.refresh(document)
    assert document.leased_until is not None
    claim.leased_until = document.leased_until
    return document


def _say(claim: _Claim, state: str, on_progress: Progress | None) -> None:
    with transaction() as session:
        document = _extend(session, claim)
        if not claim.was_live:  # a live document goes on answering while it is read again
            document.state = state
        note(session, document, state)
    if on_progress is not None:
        on_progress(document, state)


def _finish(claim: _Claim, raw: Raw, change: Callable[[Session, Document], object]) -> None:
    with transaction() as session:
        document = _held(session, claim)
        change(session, document)
        document.attempts, document.due_at, document.leased_until = 0, None, None
        document.checked_at = func.now()
        document.reason = ""
        document.updated_at = document.updated_at if document.updated_given else raw.changed_at


def _give_up(claim: _Claim, reason: str) -> None:
    with transaction() as session:
        document = _held(session, claim)
        fail(session, document, reason)
        document.checked_at = func.now()


def _try_later(claim: _Claim, reason: str) -> None:
    """Wait and try again; after the last attempt a new document has failed, a live one keeps its old text."""
    with transaction() as session:
        document = _held(session, claim)
        document.leased_until, document.reason = None, reason
        if document.attempts <= len(BACKOFF):
            document.due_at = func.now() + BACKOFF[document.attempts - 1]
            document.state = "live" if claim.was_live else "queued"
            note(session, document, "queued", reason)
        elif claim.was_live:
            document.due_at = None
            note(session, document, "live", f"The old text stays, because: {reason}")
        else:
            fail(session, document, reason)


def _state(document_id: UUID, on_progress: Progress | None = None) -> str:
    with transaction() as session:
        document = session.get(Document, document_id)
        if document is None:
            raise DocumentNotFound
        state = document.state
    if on_progress is not None:
        on_progress(document, state)
    return state
