"""Documents that wait become live: claimed, read, cut and embedded together, put in place in one transaction."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from core.db import transaction
from core.errors import DocumentNotFound, HandrailError, SourceRefused, Unavailable
from core.log import get_logger
from core.models import Document
from core.settings import get_settings
from kb.documents.claims import Claim, Claims, Progress, waiting
from kb.documents.finishing import Finished, finish, give_up, keep, try_later
from kb.documents.marks import file_mark, kept, known
from kb.documents.preparing import Draft, configured_sizes, embed, extract, fingerprint, recipe
from kb.embeddings.embedder import Embedder
from kb.embeddings.site_models import Embedders, only, site_models
from kb.errors import DocumentUnreadable, EmbedderUnavailable, SourceGone, Unchanged
from kb.loaders import Loaded
from kb.parsing.together import load_ahead
from kb.sources.fetch import limits
from kb.sources.source import Raw, read

log = get_logger(__name__)
Made = TypeVar("Made")

FOR_GOOD = (DocumentUnreadable, SourceGone, SourceRefused)  # trying again is of no use
MOST_DOCUMENTS = 256  # in one transaction …
MOST_CHUNKS = 500  # … or the documents that first have so many
MOST_BYTES = 32 * 1024 * 1024  # of sources in memory at a time, but for a single one that is larger
QUICK_BYTES = 4_096  # what is smaller is read long before its lease ends
BROKEN = "The document could not be read because of an internal error; the log has the cause."
DEADLY = "Whoever read this document died each time: split it, or save it in another format, and add it again."
BUSY = "The database was busy with something else for too long: it is tried again later."


def index_document(document_id: UUID, *, embedder: Embedder | None = None, on_progress: Progress | None = None) -> str:
    """Index one document if it is due and free. Returns the state that it has then.

    Errors of the source end in a state with a reason, never in an exception. Raises DocumentNotFound.
    """
    _Batch(Claims.take([document_id], on_progress), only(embedder) if embedder else Embedders()).work()
    with transaction() as session:
        state = session.scalar(select(Document.state).where(Document.id == document_id))
    if state is None:
        raise DocumentNotFound
    return state


def index_waiting(
    site_id: str, *, embedders: Embedders | None = None, on_progress: Progress | None = None, most: int = MOST_DOCUMENTS
) -> int:
    """Index up to `most` of a site's documents that are due, those first that wait longest. Returns how many."""
    claims = Claims.take_waiting(site_id, most, on_progress)
    count = len(claims.held)
    _Batch(claims, embedders or Embedders()).work()
    return count


def index_all(site_id: str, on_progress: Progress, *, embedder: Embedder | None = None) -> None:
    """Index, in this process, all of a site's documents that are due; tell each change of state."""
    embedders = only(embedder) if embedder else Embedders()
    while index_waiting(site_id, embedders=embedders, on_progress=on_progress):
        pass


def site_of(document_id: UUID) -> str:
    """The site that a document belongs to. Raises DocumentNotFound."""
    with transaction() as session:
        found = session.scalar(select(Document.site_id).where(Document.id == document_id))
    if found is None:
        raise DocumentNotFound
    return found


def due(site_id: str | None = None, *, limit: int = 100) -> list[UUID]:
    """Documents to be read now that nobody works on, the longest waiting first."""
    wanted = select(Document.id).where(waiting()).order_by(Document.due_at).limit(limit)
    if site_id is not None:
        wanted = wanted.where(Document.site_id == site_id)
    with transaction() as session:
        return list(session.scalars(wanted))


def refresh_old(limit: int = 200) -> None:
    """Have live documents read again long before they are stale: unchanged ones cost a look at their bytes."""
    age = timedelta(hours=get_settings().index_stale_hours) / 2
    old = select(Document.id).where(
        Document.state == "live", Document.due_at.is_(None), Document.checked_at < func.now() - age, ~Document.paused
    )
    with transaction() as session:
        ids = session.scalars(old.order_by(Document.id).limit(limit).with_for_update(skip_locked=True)).all()
        session.execute(update(Document).where(Document.id.in_(ids)).values(due_at=func.now(), attempts=0))


@dataclass(frozen=True)
class _Read:
    """A source that was read; `mark` tells it from another state of itself."""

    claim: Claim
    raw: Raw
    mark: str


@dataclass(frozen=True)
class _Cut:
    """A document that waits for its vectors. The bytes are let go of."""

    finished: Finished
    draft: Draft

    @property
    def claim(self) -> Claim:
        return self.finished.claim


class _Batch:
    """Some documents of one site on their way."""

    def __init__(self, claims: Claims, embedders: Embedders) -> None:
        self._claims, self._embedders = claims, embedders
        self._limits, self._sizes = limits(), configured_sizes()

    def work(self) -> None:
        """Bring each of them to an end: live, unchanged, failed, or to be tried again."""
        for claim in self._claims:
            if claim.deadly:
                give_up(self._claims, claim, DEADLY)
        left = deque(self._claims)
        while left:
            found = self._read_some(left)
            self._keep([self._finished(each) for each in found if self._same(each)])
            self._index([each for each in found if each.claim in self._claims])

    def _read_some(self, left: deque[Claim]) -> list[_Read]:
        """Read sources until they fill what memory is meant for them."""
        found: list[_Read] = []
        size = 0
        while left and size < MOST_BYTES:
            claim = left.popleft()
            if one := self._tried(claim, partial(self._read, claim)):
                found.append(one)
                size += len(one.raw.data)
            self._claims.renew()
        return found

    def _read(self, claim: Claim) -> _Read:
        mark = file_mark(claim.locator) if claim.source.kind == "file" else ""  # before its bytes, never after them
        asked = "" if mark else known(self._recipe(claim), claim.etag)
        raw = read(claim.source, self._limits, etag=asked)
        return _Read(claim, raw, mark or raw.etag)

    def _index(self, found: list[_Read]) -> None:
        cut: list[_Cut] = []
        chunks = 0
        self._claims.say("extracting", [each.claim for each in found])
        found = [each for each in found if each.claim in self._claims]
        ahead = load_ahead([(each.raw.data, each.raw.name, each.raw.content_type) for each in found])
        for one, loaded in zip(found, ahead, strict=True):
            if made := self._tried(one.claim, partial(self._cut, one, loaded)):
                cut.append(made)
                chunks += len(made.draft.passages)
            self._claims.renew()
            if chunks >= MOST_CHUNKS:
                self._put_in_place(cut)
                cut, chunks = [], 0
        self._put_in_place(cut)

    def _cut(self, one: _Read, loaded: Loaded | None) -> _Cut:
        with self._claims.kept() if loaded is None and len(one.raw.data) > QUICK_BYTES else nullcontext():
            return _Cut(self._finished(one), extract(one.raw, one.claim.source.title, self._sizes, loaded))

    def _put_in_place(self, cut: list[_Cut]) -> None:
        if cut:
            self._claims.say("embedding", [each.claim for each in cut])
        cut = [each for each in cut if each.claim in self._claims]
        try:
            self._finish(cut)
        except EmbedderUnavailable as error:
            try_later(self._claims, [each.claim for each in cut], error)
        except Exception as error:  # noqa: BLE001 - one of them is at fault, so each goes by itself
            log.info("batch_taken_apart", documents=len(cut), cause=repr(error)[:300])
            for each in cut:
                self._tried(each.claim, partial(self._finish, [each]))

    def _finish(self, cut: Sequence[_Cut]) -> None:
        if not cut:
            return
        prepared = embed([each.draft for each in cut], self._models(cut[0].claim.site_id), self._claims.renew)
        finish(self._claims, [replace(each.finished, prepared=made) for each, made in zip(cut, prepared, strict=True)])

    def _models(self, site_id: str) -> list[Embedder]:
        """The model that the site is searched with, and the one that is being made beside it."""
        with transaction() as session:
            models = site_models(session, site_id)
        first = self._embedders.named(models.searched) if models.searched else self._embedders.first()
        try:
            return [first, self._embedders.named(models.following)] if models.following else [first]
        except EmbedderUnavailable as error:  # who makes the other one will find what is missing
            log.warning("next_model_unavailable", cause=error.detail)
            return [first]

    def _keep(self, same: Sequence[Finished]) -> None:
        if same:
            keep(self._claims, same, as_live=True)

    def _tried(self, claim: Claim, act: Callable[[], Made]) -> Made | None:
        """What `act` gives; None where it ends in a state with a reason."""
        try:
            return act()
        except Unchanged:
            keep(self._claims, [Finished(claim, claim.etag)])
        except FOR_GOOD as error:
            give_up(self._claims, claim, error.detail)
        except HandrailError as error:
            try_later(self._claims, [claim], error)
        except OperationalError as error:  # if it is away altogether, saying so fails, too, and the lease runs out
            log.warning("database_busy", document=str(claim.document_id), cause=repr(error.orig))
            try_later(self._claims, [claim], Unavailable(BUSY))
        except Exception:  # a parser met something that nobody thought of: the rest must go on
            log.exception("document_broke", document=str(claim.document_id))
            give_up(self._claims, claim, BROKEN)
        return None

    def _finished(self, one: _Read) -> Finished:
        return Finished(one.claim, kept(self._recipe(one.claim), one.mark), one.raw.changed_at, url=one.raw.canonical)

    def _recipe(self, claim: Claim) -> str:
        return recipe(claim.source.title, self._sizes)

    def _same(self, one: _Read) -> bool:
        before = one.claim.content_hash
        return bool(before) and before == fingerprint(one.raw, one.claim.source.title, self._sizes)
