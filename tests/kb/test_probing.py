"""What is taken out stops answering in that commit, and a search for its own words proves it."""

from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.models import Chunk, Document, Site
from core.queue import Job
from kb.documents.probing import GONE, STILL_THERE, own_words, probe, verify_removed
from kb.documents.registering import remove
from kb.documents.steering import unverified
from tests.kb.samples import Hashing, write
from tests.kb.steps import aged, enrol, the_document, titles, told, work

RETURNS = "# Returns\n\nYou have sixty days to return a parcel for a refund."
HOURS = "# Opening hours\n\nThe Glasgow shop closes at eight on Thursdays."


def ready(session: Session, site: Site, tmp_path: Path) -> Document:
    enrol(session, site, aged(write(tmp_path, returns=RETURNS)))
    work(session, site)
    return the_document(session)


def test_a_live_document_is_found_by_its_own_words(session: Session, site: Site, tmp_path: Path) -> None:
    document = ready(session, site, tmp_path)
    words = own_words(session, document.id)
    assert words.startswith("Returns You have sixty days")
    assert probe(session, document, words, embedder=Hashing()).rank == 1


def test_a_removal_is_verified_and_noted(session: Session, site: Site, tmp_path: Path) -> None:
    document = ready(session, site, tmp_path)
    assert remove(session, site_id=site.id, locator=document.locator)
    assert titles(session, site, "refund days") == []
    assert session.info["jobs"][-1][0] == Job.VERIFY_REMOVED
    session.commit()
    assert unverified(session)
    assert verify_removed(embedder=Hashing()) == 0
    assert told(session, the_document(session))[-2:] == ["removed: removed", f"removed: {GONE}"]
    assert not unverified(session)


def test_a_removed_document_that_is_found_still_is_told_and_looked_for_again(
    session: Session, site: Site, tmp_path: Path
) -> None:
    document = ready(session, site, tmp_path)
    words = own_words(session, document.id)
    # As if the index did not know of the removal: only the probe can tell.
    session.execute(update(Document).values(probe=words))
    session.execute(update(Document).values(state="live"))
    session.commit()
    found = probe(session, document, words, embedder=Hashing())
    assert found.rank == 1
    from kb.documents.probing import _told

    session.execute(update(Document).values(state="removed"))
    session.commit()
    assert _told(document.id, found)
    assert told(session, the_document(session))[-1] == f"removed: {STILL_THERE}"
    assert unverified(session)


def test_what_came_back_meanwhile_is_not_looked_for(session: Session, site: Site, tmp_path: Path) -> None:
    document = ready(session, site, tmp_path)
    remove(session, site_id=site.id, locator=document.locator)
    session.commit()
    enrol(session, site, tmp_path)
    work(session, site)
    assert verify_removed(embedder=Hashing()) == 0
    assert not unverified(session)
    assert told(session, the_document(session))[-1] == "live: 1 chunks, 1 of them new"


def test_a_source_that_is_gone_is_verified_too(session: Session, site: Site, tmp_path: Path) -> None:
    document = ready(session, site, tmp_path)
    (tmp_path / "returns.md").unlink()
    session.execute(update(Document).values(due_at=func.now()))
    session.commit()
    work(session, site)
    assert verify_removed(embedder=Hashing()) == 0
    lines = told(session, document)
    assert lines[-2].startswith("failed: The file returns.md can't be opened")
    assert lines[-1] == f"failed: {GONE}"
    assert session.scalar(select(func.count()).select_from(Chunk)) == 0
