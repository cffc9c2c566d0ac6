"""The life of a document: states with reasons, only what changed is embedded, and what is gone answers no more."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import SiteNotFound
from core.models import Chunk, Document, DocumentEvent, Site
from kb.documents.claims import Claim
from kb.documents.freshness import freshness
from kb.documents.indexer import due, index_all, index_document, refresh_old
from kb.documents.registering import register, register_folder, remove
from kb.errors import EmbedderUnavailable
from kb.search.hybrid import Found, search
from kb.sources.source import Source, find_sources
from tests.kb import samples
from tests.kb.samples import Hashing, write

RETURNS = "# Returns\n\nYou have sixty days to return a parcel for a refund."
HOURS = "# Opening hours\n\nThe Glasgow shop closes at eight on Thursdays."


def take(session: Session, site: Site, folder: Path, embedder: Hashing) -> list[tuple[str, str]]:
    """Register `folder` and index it; every change of state that was told."""
    told: list[tuple[str, str]] = []
    register_folder(session, site_id=site.id, folder=find_sources(str(folder)))
    session.commit()
    index_all(site.id, lambda document, state: told.append((Path(document.locator).name, state)), embedder=embedder)
    session.expire_all()
    return told


def ask(session: Session, site: Site, question: str, channel: str = "web") -> Found:
    return search(session, site_id=site.id, channel=channel, query=question, embedder=Hashing())


def document(session: Session) -> Document:
    return session.scalars(select(Document)).one()


def test_a_document_goes_through_its_states_and_answers(session: Session, site: Site, tmp_path: Path) -> None:
    told = take(session, site, write(tmp_path, returns=RETURNS), Hashing())
    assert [state for _, state in told] == ["fetching", "extracting", "embedding", "live"]
    history = session.scalars(select(DocumentEvent.state).order_by(DocumentEvent.id)).all()
    assert history == ["queued", "fetching", "extracting", "embedding", "live"]
    [snippet] = ask(session, site, "how many days for a refund?").snippets
    assert (snippet.title, snippet.section, snippet.source) == ("Returns", "Returns", "file")
    assert snippet.id.startswith("c")


def test_a_bad_file_fails_with_its_reason_and_the_rest_goes_on(session: Session, site: Site, tmp_path: Path) -> None:
    write(tmp_path, returns=RETURNS)
    (tmp_path / "scan.pdf").write_bytes(samples.picture_pdf())
    (tmp_path / "empty.txt").touch()
    (tmp_path / "notes.yaml").write_text("a: 1")
    registered = register_folder(session, site_id=site.id, folder=find_sources(str(tmp_path)))
    assert (len(registered.documents), registered.skipped) == (3, 1)
    take(session, site, tmp_path, Hashing())
    reasons = {Path(one.locator).name: (one.state, one.reason) for one in session.scalars(select(Document))}
    assert reasons["returns.md"] == ("live", "")
    assert reasons["scan.pdf"][0] == reasons["empty.txt"][0] == "failed"
    assert "run OCR" in reasons["scan.pdf"][1]
    assert "empty" in reasons["empty.txt"][1]


def test_a_second_run_touches_nothing(session: Session, site: Site, tmp_path: Path) -> None:
    embedder = Hashing()
    take(session, site, write(tmp_path, returns=RETURNS), embedder)
    before = (session.scalar(select(Site.kb_version)), session.scalars(select(Chunk.id)).all(), len(embedder.seen))
    take(session, site, tmp_path, embedder)
    assert (
        session.scalar(select(Site.kb_version)),
        session.scalars(select(Chunk.id)).all(),
        len(embedder.seen),
    ) == before


def test_an_edit_embeds_only_what_changed(session: Session, site: Site, tmp_path: Path) -> None:
    parts = [f"## Part {n}\n\n" + f"Sentence about subject{n} here. " * 130 for n in range(4)]
    embedder = Hashing()
    take(session, site, write(tmp_path, guide="# Guide\n\n" + "\n\n".join(parts)), embedder)
    ids, first = set(session.scalars(select(Chunk.id))), len(embedder.seen)
    parts[2] += "And one more."
    take(session, site, write(tmp_path, guide="# Guide\n\n" + "\n\n".join(parts)), embedder)
    assert len(ids & set(session.scalars(select(Chunk.id)))) == len(ids) - 1
    assert 0 < len(embedder.seen) - first < first / 2
    assert all("subject2" in text or "one more" in text for text in embedder.seen[first:])


def test_a_live_document_answers_while_it_is_read_again(session: Session, site: Site, tmp_path: Path) -> None:
    take(session, site, write(tmp_path, returns=RETURNS), Hashing())
    register_folder(session, site_id=site.id, folder=find_sources(str(tmp_path)))
    session.commit()
    assert document(session).state == "live"
    assert ask(session, site, "refund days").snippets


def test_a_file_that_is_gone_answers_no_more(session: Session, site: Site, tmp_path: Path) -> None:
    take(session, site, write(tmp_path, returns=RETURNS, hours=HOURS), Hashing())
    (tmp_path / "hours.md").unlink()
    registered = register_folder(session, site_id=site.id, folder=find_sources(str(tmp_path)))
    assert registered.removed == 1
    assert {snippet.title for snippet in ask(session, site, "Glasgow shop closes thursdays").snippets} == {"Returns"}


def test_what_is_archived_is_not_indexed_and_is_taken_out(session: Session, site: Site, tmp_path: Path) -> None:
    take(session, site, write(tmp_path, returns=RETURNS), Hashing())
    (tmp_path / "index.yaml").write_text("returns.md: {archived: true}")
    take(session, site, tmp_path, Hashing())
    assert document(session).state == "removed"
    assert ask(session, site, "refund days") == Found((), 0.0)


def test_the_index_file_gives_title_address_channels_and_date(session: Session, site: Site, tmp_path: Path) -> None:
    write(tmp_path, returns=RETURNS)
    notes = "returns.md: {url: /returns/, title: Sending back, channels: [email], updated_at: 2026-08-03}"
    (tmp_path / "index.yaml").write_text(notes)
    take(session, site, tmp_path, Hashing())
    [snippet] = ask(session, site, "refund days", "email").snippets
    assert (snippet.url, snippet.title) == ("/returns/", "Sending back")
    assert snippet.updated_at == datetime(2026, 8, 3, tzinfo=UTC)
    assert not ask(session, site, "refund days", "web").snippets


def test_channels_that_change_count_at_once(session: Session, site: Site, tmp_path: Path) -> None:
    embedder = Hashing()
    take(session, site, write(tmp_path, returns=RETURNS), embedder)

    def found() -> Found:
        return search(session, site_id=site.id, channel="web", query="refund", embedder=embedder)

    assert found().snippets
    source = Source("file", str(tmp_path / "returns.md"), channels=("staff",))
    register(session, site_id=site.id, source=source)
    assert not found().snippets


class Broken(Hashing):
    """An embedding server that is away."""

    def embed(self, texts: list[str]) -> object:  # type: ignore[override]
        raise EmbedderUnavailable


def test_an_embedder_that_is_away_is_tried_again_later(session: Session, site: Site, tmp_path: Path) -> None:
    take(session, site, write(tmp_path, returns=RETURNS), Broken())
    waiting = document(session)
    assert (waiting.state, waiting.attempts, waiting.leased_until) == ("queued", 1, None)
    assert "tried again" in waiting.reason
    assert waiting.due_at is not None
    assert due(site.id) == []
    session.execute(update(Document).values(due_at=func.now()))
    session.commit()
    assert index_document(waiting.id, embedder=Hashing()) == "live"


def test_a_document_that_somebody_works_on_is_left_alone(session: Session, site: Site, tmp_path: Path) -> None:
    made = register_folder(session, site_id=site.id, folder=find_sources(str(write(tmp_path, returns=RETURNS))))
    session.execute(update(Document).values(leased_until=datetime.now(UTC) + timedelta(seconds=60)))
    session.commit()
    assert due(site.id) == []
    assert index_document(made.documents[0], embedder=Hashing()) == "queued"
    session.execute(update(Document).values(leased_until=datetime.now(UTC) - timedelta(seconds=1)))
    session.commit()
    assert due(site.id) == [made.documents[0]]  # its worker was killed: another one takes over
    assert index_document(made.documents[0], embedder=Hashing()) == "live"


def test_a_late_worker_can_not_bring_a_removed_document_back(session: Session, site: Site, tmp_path: Path) -> None:
    folder = write(tmp_path, returns=RETURNS)
    made = register_folder(session, site_id=site.id, folder=find_sources(str(folder)))
    session.commit()

    def take_out(doc: Claim, state: str) -> None:
        if state == "embedding":
            remove(session, site_id=site.id, locator=doc.locator)
            session.commit()

    assert index_document(made.documents[0], embedder=Hashing(), on_progress=take_out) == "removed"
    assert not ask(session, site, "refund days").snippets


def test_freshness_counts_and_knows_empty_and_stale(session: Session, site: Site, tmp_path: Path) -> None:
    assert freshness(session, site.id).empty
    write(tmp_path, returns=RETURNS)
    (tmp_path / "empty.txt").touch()
    take(session, site, tmp_path, Hashing())
    now = freshness(session, site.id)
    assert (now.live, now.failed, now.queued, now.stale, now.empty) == (1, 1, 0, False, False)
    assert freshness(session, site.id, now=datetime.now(UTC) + timedelta(days=8)).stale


def test_old_documents_are_read_again_before_they_are_stale(session: Session, site: Site, tmp_path: Path) -> None:
    take(session, site, write(tmp_path, returns=RETURNS), Hashing())
    refresh_old()
    assert due(site.id) == []
    session.execute(update(Document).values(checked_at=datetime.now(UTC) - timedelta(days=4)))
    session.commit()
    refresh_old()
    assert due(site.id) == [document(session).id]


def test_an_unknown_site_is_refused(session: Session) -> None:
    with pytest.raises(SiteNotFound):
        register(session, site_id="nobody", source=Source("file", "/a.md"))
