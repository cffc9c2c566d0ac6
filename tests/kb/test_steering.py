"""Pause, resume, cancel, retry, reindex: also of documents that somebody works on at that moment."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import DocumentNotFound
from core.models import Chunk, Document, Site
from kb.documents.claims import Claim
from kb.documents.indexer import due, index_document
from kb.documents.steering import RINGS, cancel, find_document, pause, reindex, retry, rings
from kb.errors import EmbedderUnavailable
from tests.kb.samples import Hashing, write
from tests.kb.steps import aged, enrol, the_document, titles, told, work

RETURNS = "# Returns\n\nYou have sixty days to return a parcel for a refund."
OLD = "# Returns\n\nYou have thirty days to return a parcel for a refund."


@pytest.fixture
def waiting(session: Session, site: Site, tmp_path: Path) -> Document:
    """A document that is to be read."""
    enrol(session, site, aged(write(tmp_path, returns=RETURNS)))
    return the_document(session)


def interrupted(session: Session, site: Site, document: Document, act: object, at: str = "embedding") -> str:
    """Index `document`; `act` comes in between."""

    def come_between(_: Claim, state: str) -> None:
        if state == at:
            assert callable(act)
            act(session, site.id, document.id)
            session.commit()

    return index_document(document.id, embedder=Hashing(), on_progress=come_between)


def test_a_paused_document_waits_until_it_is_resumed(session: Session, site: Site, waiting: Document) -> None:
    assert pause(session, site.id, waiting.id) == 1
    session.commit()
    work(session, site)
    assert the_document(session).state == "queued"
    assert rings(session) == []
    pause(session, site.id, waiting.id, paused=False)
    session.commit()
    work(session, site)
    assert the_document(session).state == "live"
    assert [line for line in told(session, waiting) if line in {"paused", "resumed"}] == ["paused", "resumed"]


def test_a_paused_site_reads_nothing_and_answers_on(
    session: Session, site: Site, waiting: Document, tmp_path: Path
) -> None:
    work(session, site)
    aged(write(tmp_path, returns=OLD, hours="# Hours\n\nWe close at eight."), by=3)
    enrol(session, site, tmp_path)
    pause(session, site.id)
    session.commit()
    work(session, site)
    assert titles(session, site, "refund days") == ["Returns"]
    assert due(site.id) == []
    pause(session, site.id, paused=False)
    session.commit()
    assert len(due(site.id)) == 2


def test_who_works_on_what_is_paused_loses_it(session: Session, site: Site, waiting: Document) -> None:
    assert interrupted(session, site, waiting, pause) == "queued"
    assert session.scalar(select(func.count()).select_from(Chunk)) == 0


def test_what_is_cancelled_in_the_middle_never_goes_live(session: Session, site: Site, waiting: Document) -> None:
    assert interrupted(session, site, waiting, cancel) == "cancelled"
    assert due(site.id) == []
    assert titles(session, site, "refund days") == []
    assert reindex(session, site.id, waiting.id) == 1
    session.commit()
    work(session, site)
    assert the_document(session).state == "live"


def test_cancelling_a_live_document_keeps_what_it_says(
    session: Session, site: Site, waiting: Document, tmp_path: Path
) -> None:
    work(session, site)
    aged(write(tmp_path, returns=OLD), by=3)
    enrol(session, site, tmp_path)
    assert cancel(session, site.id) == 1
    session.commit()
    work(session, site)
    assert "sixty" in session.scalars(select(Chunk.text)).one()
    assert told(session, waiting)[-1] == "live: reading it again was cancelled"


def test_retry_has_what_failed_read_now(session: Session, site: Site, waiting: Document, tmp_path: Path) -> None:
    assert retry(session, site.id) == 0, "it has not failed"
    (tmp_path / "returns.md").write_text("")
    work(session, site)
    assert the_document(session).state == "failed"
    aged(write(tmp_path, returns=RETURNS))
    assert retry(session, site.id) == 1
    session.commit()
    assert the_document(session).reason == ""
    work(session, site)
    assert the_document(session).state == "live"


class Away(Hashing):
    """An embedding server that does not answer."""

    def embed(self, texts: list[str]) -> Any:
        raise EmbedderUnavailable


def test_retry_does_not_wait_for_the_backoff(session: Session, site: Site, waiting: Document) -> None:
    work(session, site, Away())
    assert due(site.id) == []
    assert retry(session, site.id, waiting.id) == 1
    session.commit()
    assert due(site.id) == [waiting.id]


def test_reindex_prepares_anew_and_embeds_nothing(session: Session, site: Site, waiting: Document) -> None:
    embedder = Hashing()
    work(session, site, embedder)
    ids, seen = session.scalars(select(Chunk.id)).all(), len(embedder.seen)
    assert reindex(session, site.id) == 1
    session.commit()
    work(session, site, embedder)
    assert session.scalars(select(Chunk.id)).all() == ids
    assert len(embedder.seen) == seen
    assert told(session, waiting)[-1] == "live: 1 chunks, 0 of them new"


def test_a_document_is_found_by_id_path_or_the_end_of_it(session: Session, site: Site, waiting: Document) -> None:
    for name in (str(waiting.id), waiting.locator, "returns.md"):
        assert find_document(session, site.id, name).id == waiting.id
    with pytest.raises(DocumentNotFound, match="kb status"):
        find_document(session, site.id, "nothing.md")
    session.add(Document(site_id=site.id, source="file", locator="/other/returns.md", channels=["*"]))
    session.flush()
    with pytest.raises(DocumentNotFound, match="more of its path"):
        find_document(session, site.id, "returns.md")


def test_a_sweep_rings_for_many_but_not_for_each(session: Session, site: Site) -> None:
    rows = [
        Document(site_id=site.id, source="file", locator=f"/{n}", channels=["*"], due_at=func.now()) for n in range(500)
    ]
    session.add_all(rows)
    session.commit()
    assert len(rings(session)) == RINGS
    session.execute(update(Document).where(Document.locator != "/7").values(due_at=None))
    session.commit()
    assert len(rings(session)) == 1
