"""Documents while a worker has them: claimed by lease, renewed while work goes on, and lost without harm."""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Uuid,
    and_,
    any_,
    case,
    func,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.db import transaction
from core.log import get_logger
from core.models import Document, Site
from kb.documents.warning import WARNED
from kb.sources.source import Kind, Source

log = get_logger(__name__)

LEASE = timedelta(minutes=3)  # after a kill, the sweep waits for it at most this long
RENEWED_AFTER = LEASE / 4
SUSPECT_ATTEMPTS = 2  # that ended without a reason
DEADLY_ATTEMPTS = 4  # that ended without a reason: then it is not read any more
NOTED_ATTEMPTS = 4  # later ones add nothing to a document's history but that they failed

NOTE = text("""
    INSERT INTO document_events (document_id, state, reason)
    SELECT id, :state, :reason FROM unnest(CAST(:ids AS uuid[])) AS id
""")


@dataclass(frozen=True)
class Claim:
    """One document while we have it, as it was when we took it."""

    document_id: UUID
    site_id: str
    source: Source
    was_live: bool
    content_hash: str  # of what is live; "" where nothing is
    etag: str
    attempts: int
    silent: bool  # the attempt before ended without a reason
    due_at: datetime | None  # another one now: it was asked for again meanwhile

    @property
    def deadly(self) -> bool:
        """Whoever read it died, again and again."""
        return self.silent and self.attempts > DEADLY_ATTEMPTS

    @property
    def locator(self) -> str:
        """Path or URL."""
        return self.source.locator


Progress = Callable[[Claim, str], None]


def among(ids: Iterable[UUID]) -> ColumnElement[bool]:
    """The document is one of these: one parameter, however many they are."""
    return Document.id == any_(sql_cast(list(ids), ARRAY(Uuid)))


def free() -> ColumnElement[bool]:
    """Nobody works on the document."""
    return or_(Document.leased_until.is_(None), Document.leased_until < func.clock_timestamp())


def waiting() -> ColumnElement[bool]:
    """The document is to be read now: it is due, free, and not paused, nor is its site."""
    resting = select(Site.id).where(Site.indexing_paused)
    return and_(Document.due_at <= func.now(), free(), not_(Document.paused), Document.site_id.not_in(resting))


def suspect() -> ColumnElement[bool]:
    """Whoever read the document died each time, without a word."""
    return and_(Document.attempts >= SUSPECT_ATTEMPTS, or_(Document.reason == "", Document.reason.startswith(WARNED)))


class Claims:
    """Documents of one site under one lease. `leased_until` is the fence, too: who claims one later sets another."""

    def __init__(self, on_progress: Progress | None = None) -> None:
        """Hold none yet; `on_progress` hears of each document's states."""
        self.held: dict[UUID, Claim] = {}
        self._fence: datetime | None = None
        self._renewed = 0.0
        self._on_progress = on_progress

    @classmethod
    def take(cls, wanted: Sequence[UUID], on_progress: Progress | None = None) -> "Claims":
        """Claim those of `wanted`, documents of one site, that are due and free."""
        return cls._take(select(Document.id).where(among(wanted), waiting()), on_progress)

    @classmethod
    def take_waiting(cls, site_id: str, most: int, on_progress: Progress | None = None) -> "Claims":
        """Claim up to `most` documents of the site, those that wait longest."""
        of_site = select(Document.id).where(Document.site_id == site_id, waiting())
        first = of_site.order_by(Document.due_at, Document.id)
        taken = cls._take(first.where(~suspect()).limit(most), on_progress)
        # One that was there whenever a worker died is read alone, and last: it must not take others with it.
        return taken if taken.held else cls._take(first.limit(1), on_progress)

    @classmethod
    def _take(cls, wanted: Any, on_progress: Progress | None) -> "Claims":
        made = cls(on_progress)
        # Not a subquery: that may be run again for each row, and then takes more than its limit.
        chosen = wanted.with_for_update(skip_locked=True).cte("chosen")
        values = {"attempts": Document.attempts + 1, **_leased("fetching")}
        taken = update(Document).where(Document.id.in_(select(chosen.c.id))).values(values).returning(Document)
        with transaction() as session:
            rows = session.scalars(taken, execution_options={"synchronize_session": False}).all()
            for row in sorted(rows, key=lambda row: (row.due_at, row.id)):
                made.held[row.id] = _claim(row)
                made._fence = row.leased_until
            made._note(session, "fetching", made.held)
        made._renewed = time.monotonic()
        made._tell("fetching", made.held)
        return made

    def __iter__(self) -> Iterator[Claim]:
        """Those that we still have, the longest waiting first."""
        return iter(list(self.held.values()))

    def __contains__(self, claim: Claim) -> bool:
        """Whether we still have it."""
        return claim.document_id in self.held

    def say(self, state: str, claims: Collection[Claim]) -> list[Claim]:
        """Note that these are in `state` now, and renew the lease of all. Returns those of them that we still have."""
        ids = [claim.document_id for claim in claims]
        with transaction() as session:
            kept = self._extend(session)
            still = [one for one in ids if one in kept]
            changed = update(Document).where(among(still), Document.state != "live").values(state=state)
            session.execute(changed, execution_options={"synchronize_session": False})
            self._note(session, state, still)
        self._tell(state, still)
        return [self.held[one] for one in still]

    def renew(self) -> None:
        """Keep what we have, if a good part of the lease is over."""
        if time.monotonic() - self._renewed > RENEWED_AFTER.total_seconds():
            with transaction() as session:
                self._extend(session)

    @contextmanager
    def kept(self, every_s: float = RENEWED_AFTER.total_seconds()) -> Iterator[None]:
        """Renew the lease while the block takes its time. Nothing else is to be done with these claims in it."""
        over = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(over, every_s), name="lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            over.set()
            keeper.join()

    def _keep(self, over: threading.Event, every_s: float) -> None:
        while not over.wait(every_s):
            try:
                with transaction() as session:
                    self._extend(session)
            except SQLAlchemyError as error:  # away for a moment: the lease outlives some of these
                log.warning("lease_not_renewed", cause=repr(error))

    def lock(self, session: Session, claims: Iterable[Claim]) -> dict[UUID, Document]:
        """The documents of `claims` that are still ours, locked; always in the same order, so nobody dead-locks."""
        ids = [claim.document_id for claim in claims if claim.document_id in self.held]
        wanted = select(Document).where(among(ids), Document.leased_until == self._fence)
        rows = session.scalars(wanted.order_by(Document.id).with_for_update().execution_options(populate_existing=True))
        return {row.id: row for row in rows}

    def drop(self, claims: Iterable[Claim], told: Callable[[Claim], str] | None = None) -> None:
        """Have them no more; `told` gives the state that each has now."""
        for claim in claims:
            if self.held.pop(claim.document_id, None) and told and self._on_progress:
                self._on_progress(claim, told(claim))

    def _extend(self, session: Session) -> set[UUID]:
        """Renew the lease of all, and forget those that somebody has taken, cancelled or removed meanwhile."""
        ours = select(Document.id).where(among(self.held), Document.leased_until == self._fence)
        ours = ours.order_by(Document.id).with_for_update()  # like everybody who locks several: nobody dead-locks
        renewed = update(Document).where(Document.id.in_(ours.scalar_subquery()))
        renewed = renewed.values(leased_until=func.statement_timestamp() + LEASE)
        rows = session.execute(
            renewed.returning(Document.id, Document.leased_until), execution_options={"synchronize_session": False}
        ).all()
        kept = {row.id for row in rows}
        self.held = {one: claim for one, claim in self.held.items() if one in kept}
        self._fence = rows[0].leased_until if rows else None
        self._renewed = time.monotonic()
        return kept

    def _note(self, session: Session, state: str, ids: Iterable[UUID]) -> None:
        noted = [one for one in ids if self.held[one].attempts <= NOTED_ATTEMPTS]
        if noted:
            note_all(session, noted, state)

    def _tell(self, state: str, ids: Iterable[UUID]) -> None:
        if self._on_progress is not None:
            for one in list(ids):
                self._on_progress(self.held[one], state)


def note_all(session: Session, ids: Sequence[UUID], state: str, reason: str = "") -> None:
    """Add the same line to the history of many documents."""
    session.execute(NOTE, {"ids": list(ids), "state": state, "reason": reason})


def _leased(state: str) -> dict[str, Any]:
    """A live document goes on answering while it is read again."""
    return {
        "leased_until": func.statement_timestamp() + LEASE,
        "state": case((Document.state == "live", "live"), else_=state),
    }


def _claim(row: Document) -> Claim:
    title = row.title if row.title_given else ""
    source = Source(cast("Kind", row.source), row.locator, address=row.address, title=title)
    live = row.state == "live"
    return Claim(
        row.id,
        row.site_id,
        source,
        live,
        content_hash=row.content_hash if live else "",
        etag=row.etag if live else "",
        attempts=row.attempts,
        silent=row.attempts > 1 and (not row.reason or row.reason.startswith(WARNED)),
        due_at=row.due_at,
    )
