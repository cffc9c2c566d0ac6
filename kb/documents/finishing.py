"""How work on documents ends: live, unchanged, failed for good, or to be tried again later; each with its reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db import transaction
from core.errors import HandrailError
from core.models import Document
from core.queue import Job, enqueue
from kb.documents.claims import NOTED_ATTEMPTS, Claim, Claims, note_all
from kb.documents.preparing import Prepared
from kb.documents.probing import remember_words
from kb.documents.staging import gated, stage, unstage
from kb.documents.warning import WARNED
from kb.embeddings.site_models import SiteModels, first_model, site_models
from kb.errors import EmbedderUnavailable
from kb.index.replacing import fail, note, replace_many

BACKOFF = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10))  # after each attempt that failed
LONGEST = timedelta(hours=1)  # between two attempts while the embedding model is away: that is no document's fault
SPREAD = 0.2  # of the wait, up or down, so that those that failed together don't come back together


@dataclass(frozen=True)
class Finished:
    """One that was read. `etag` is what is kept of its mark; `prepared` is None where it has not changed."""

    claim: Claim
    etag: str
    changed_at: datetime | None = None
    prepared: Prepared | None = None
    url: str = ""  # that the page calls its real one


def finish(claims: Claims, finished: Sequence[Finished]) -> None:
    """Put new texts in place of the old, all in one transaction. Those that we have lost are left as they are."""
    put: list[Finished] = []
    with transaction() as session:
        models = site_models(session, finished[0].claim.site_id, lock=True)
        rows = claims.lock(session, [each.claim for each in finished])
        for each in finished:
            document = rows.get(each.claim.document_id)
            if document is None or each.prepared is None:
                continue
            prepared = each.prepared.by(models.searched, models.following)
            if prepared is None:  # the model was switched while this one was embedded
                document.due_at, document.leased_until, document.attempts = func.now(), None, 0
            else:
                put.append(replace(each, prepared=prepared))
        _put(session, models, [(rows[each.claim.document_id], each) for each in put])
        _ring_again(session, (each.claim for each in put), rows)
    claims.drop((each.claim for each in put), lambda _: "live")
    claims.drop(each.claim for each in finished)


def _put(session: Session, models: SiteModels, put: Sequence[tuple[Document, Finished]]) -> None:
    pairs = [(document, each.prepared) for document, each in put if each.prepared is not None]
    if not pairs:
        return
    if models.searched is None:
        _first(session, pairs[0])
    now = session.scalars(select(func.now())).one()  # as a value: by an expression, each row is a statement of its own
    with session.no_autoflush:
        for document, each in put:
            _done(document, each, now)
        replace_many(session, _let_through(session, pairs))


def _let_through(session: Session, pairs: Sequence[tuple[Document, Prepared]]) -> Sequence[tuple[Document, Prepared]]:
    """Those that go live now: behind a gate, what is new, and what says no other word than before."""
    if not gated(session, pairs[0][0].site_id):
        return pairs
    live = [pair for pair in pairs if pair[0].state == "live"]
    held = {document.id for document, prepared in live if stage(session, document, prepared)}
    return [pair for pair in pairs if pair[0].id not in held]


def _first(session: Session, pair: tuple[Document, Prepared]) -> None:
    document, prepared = pair
    first_model(session, document.site_id, prepared.model, prepared.vectors[0].shape[1])


def _done(document: Document, each: Finished, now: datetime) -> None:
    again = _asked_again(each.claim, document)
    document.attempts, document.leased_until = 0, None
    if not document.reason.startswith(WARNED):  # a warning about what is unchanged stays
        document.reason = ""
    document.due_at = document.due_at if again else None
    document.checked_at = now
    document.etag = "" if again else each.etag  # what changed within a second may have the mark that was read
    if each.url and document.url in {"", document.locator}:  # what its source says of its address counts for more
        document.url = each.url
    document.updated_at = document.updated_at if document.updated_given else each.changed_at


def keep(claims: Claims, unchanged: Sequence[Finished], *, as_live: bool = False) -> None:
    """Note that these were read and are as they were; `as_live`: they say what is live, so nothing else waits."""
    with transaction() as session:
        if as_live:
            unstage(session, [each.claim.document_id for each in unchanged])
        now = session.scalars(select(func.now())).one()
        rows = claims.lock(session, [each.claim for each in unchanged])
        for each in unchanged:
            if document := rows.get(each.claim.document_id):
                _done(document, Finished(each.claim, each.etag, each.changed_at or document.updated_at), now)
        note_all(session, list(rows), "live", "unchanged")
        _ring_again(session, (each.claim for each in unchanged), rows)
    claims.drop((each.claim for each in unchanged), lambda _: "live")


def give_up(claims: Claims, claim: Claim, reason: str) -> None:
    """It can't be known, whoever tries: what it said before does not answer any more."""
    with transaction() as session:
        site_models(session, claim.site_id, lock=True)
        rows = claims.lock(session, [claim])
        _ring_again(session, [claim], rows)
        for document in rows.values():
            if _asked_again(claim, document):
                _release(document, claim)
                continue
            remember_words(session, document)
            fail(session, document, reason)
            document.checked_at, document.etag = func.now(), ""
    claims.drop([claim], lambda _: "failed")


def try_later(claims: Claims, some: Sequence[Claim], error: HandrailError) -> None:
    """Wait and try again; after the last attempt a new document has failed, a live one keeps its old text.

    While the embedding model is away there is no last attempt.
    """
    ends: dict[Claim, str] = {}
    with transaction() as session:
        site_models(session, some[0].site_id, lock=True)
        rows = claims.lock(session, some)
        _ring_again(session, some, rows)
        for claim in some:
            if document := rows.get(claim.document_id):
                ends[claim] = _postponed(session, claim, document, error)
    claims.drop(some, lambda claim: ends.get(claim, ""))


def _postponed(session: Session, claim: Claim, document: Document, error: HandrailError) -> str:
    if _asked_again(claim, document):
        return _release(document, claim)
    away = isinstance(error, EmbedderUnavailable)
    reason, document.reason = document.reason, error.detail
    document.leased_until = None
    state = "live" if claim.was_live else "queued"
    if away or document.attempts <= len(BACKOFF):
        pause = _pause(document.attempts, getattr(error, "retry_after_s", 0.0))
        document.due_at = func.now() + pause * (1 - SPREAD + 2 * SPREAD * func.random())
        document.state = state
        if document.attempts <= NOTED_ATTEMPTS or reason != error.detail:
            note(session, document, "queued", error.detail)
    elif claim.was_live:
        document.due_at = None
        document.state = state
        note(session, document, "live", f"The old text stays, because: {error.detail}")
    else:
        fail(session, document, error.detail)
    return document.state


def _asked_again(claim: Claim, document: Document) -> bool:
    """Its source changed while it was read: what came of that must not be the last word."""
    return document.due_at is not None and document.due_at != claim.due_at


def _release(document: Document, claim: Claim) -> str:
    """Leave it to the next reading, which is due. Returns its state."""
    document.attempts, document.leased_until = 0, None
    document.state = "live" if claim.was_live else "queued"
    return document.state


def _ring_again(session: Session, claims: Iterable[Claim], rows: Mapping[UUID, Document]) -> None:
    """Whoever rang while it was read found it taken."""
    for claim in claims:
        if (document := rows.get(claim.document_id)) and _asked_again(claim, document):
            enqueue(session, Job.INDEX_DOCUMENT, document_id=document.id)


def _pause(attempts: int, wanted_s: float) -> timedelta:
    pause = BACKOFF[attempts - 1] if attempts <= len(BACKOFF) else LONGEST
    return max(pause, min(timedelta(seconds=wanted_s), LONGEST))
