"""All that there is to say about what a site knows: states, freshness, models, and what somebody should do."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.models import Audience, Chunk, Document, Segment, Site
from kb.documents import staging
from kb.documents.freshness import Freshness, freshness
from kb.documents.warning import warned
from kb.embeddings.reembedding import Switch, switch_of
from kb.embeddings.site_models import site_models

FAILED_SHOWN = 50


@dataclass(frozen=True)
class Trouble:
    """A document that failed, that waits for another attempt, or that there is a warning about, and why."""

    id: str
    locator: str
    state: str
    reason: str
    attempts: int
    again_at: datetime | None


@dataclass(frozen=True)
class Overview:
    """One site. `advice` has a sentence for each thing that somebody should do."""

    site: str
    freshness: Freshness
    paused: bool
    paused_documents: int
    chunks: int
    segments: int
    model: str | None
    switch: Switch | None
    unverified: int  # that were taken out, and not yet seen to be gone
    tried: staging.Count  # changes behind the gate whose questions are being asked
    held: staging.Count  # … that wait for a person
    troubles: tuple[Trouble, ...]
    advice: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        found = asdict(self)
        found["freshness"] = asdict(self.freshness) | {"kind": self.freshness.kind}
        return found


def overview(session: Session, site: Site) -> Overview:
    """Look at everything that belongs to `site`."""
    state, models = freshness(session, site.id), site_models(session, site.id)
    tried, held = staging.counted(session, site.id)
    of_site = Document.site_id == site.id
    segments = select(func.count(Segment.id)).join(Audience, Audience.id == Segment.audience_id)
    switch = switch_of(session, site.id)
    return Overview(
        site=site.id,
        freshness=state,
        paused=site.indexing_paused,
        paused_documents=_count(session, select(func.count()).where(of_site, Document.paused)),
        chunks=_count(session, select(func.count()).where(Chunk.site_id == site.id)),
        segments=_count(session, segments.where(Audience.site_id == site.id)),
        model=models.searched,
        switch=switch,
        unverified=_count(session, select(func.count()).where(of_site, Document.probe != "")),
        tried=tried,
        held=held,
        troubles=tuple(_troubles(session, site.id)),
        advice=(*_advice(site, state, models.advice, switch), *_held(site, held), *_suspicious(session, site)),
    )


def _count(session: Session, wanted: Any) -> int:
    return session.scalar(wanted) or 0


def _troubles(session: Session, site_id: str) -> Iterator[Trouble]:
    waits = (Document.reason != "") & Document.due_at.is_not(None)
    wanted = select(Document).where(Document.site_id == site_id, or_(Document.state == "failed", waits, warned()))
    for row in session.scalars(wanted.order_by(Document.state, Document.locator).limit(FAILED_SHOWN)):
        yield Trouble(str(row.id), row.locator, row.state, row.reason, row.attempts, row.due_at)


def _held(site: Site, held: staging.Count) -> Iterator[str]:
    if held.changes:
        several = held.changes > 1
        yield (
            f"{held.changes} changed {'documents wait' if several else 'document waits'} for a person, since answers "
            f"would change: `handrail kb waiting --site {site.id}` says which, and so does the desk."
        )


def _suspicious(session: Session, site: Site) -> Iterator[str]:
    if count := _count(session, select(func.count()).where(Document.site_id == site.id, warned())):
        yield (
            f"{count} live documents read like orders to an assistant. Answers don't rest on those words; see who "
            f"wrote them, then mend the page, or `handrail kb remove --site {site.id}` it."
        )


def _advice(site: Site, state: Freshness, models: str, switch: Switch | None) -> Iterator[str]:
    if site.indexing_paused:
        yield f"Indexing is paused: `handrail kb resume --site {site.id}` lets it go on."
    if state.empty:
        yield f"Nothing is live, so search is switched off: `handrail index PATH --site {site.id}`."
    if state.stale:
        yield (
            "Nothing was read for too long, so search is switched off: see that `handrail worker index` and "
            f"`handrail scheduler` run, or `handrail kb reindex --site {site.id}`."
        )
    if state.failed:
        yield f"{state.failed} failed: do what their reasons say, then `handrail kb retry --site {site.id}`."
    if models:
        yield models
    if switch is not None:
        yield f"Switching to {switch.model}: {switch.done} of {switch.total} chunks are ready; nothing is offline."
