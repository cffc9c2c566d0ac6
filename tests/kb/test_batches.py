"""Many documents at once: who is at fault fails alone, a second run writes nothing, nothing is embedded twice."""

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from core.models import Chunk, Document, EmbeddingCache, Site
from core.settings import get_settings
from kb.documents.indexer import due, index_waiting
from kb.documents.marks import file_mark
from kb.documents.registering import RUNG_FOR
from kb.embeddings.site_models import only
from kb.errors import EmbedderRefused, EmbedderUnavailable, TextRefused
from tests.kb.samples import Hashing, write
from tests.kb.steps import LONG_AGO, aged, enrol, the_document, titles, told, work

RETURNS = "# Returns\n\nYou have sixty days to return a parcel for a refund."


def folder_of(path: Path, count: int, words: str = "about subject{n} and nothing else") -> Path:
    return aged(write(path, **{f"doc{n:04}": f"# Title {n}\n\n{words.format(n=n)}." for n in range(count)}))


def rows(session: Session) -> list[Any]:
    """Every row that indexing writes, with the transaction that wrote it."""
    tables = ("documents", "chunks", "chunk_vectors", "segments", "embedding_cache", "document_events", "sites")
    return [session.execute(text(f"SELECT ctid, xmin FROM {name} ORDER BY ctid")).all() for name in tables]  # noqa: S608


def test_a_second_run_writes_nothing(session: Session, site: Site, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, 5)
    enrol(session, site, folder)
    work(session, site)
    before = rows(session)
    again = enrol(session, site, folder)
    assert (again.documents, again.unchanged) == ((), 5)
    assert due(site.id) == []
    assert rows(session) == before


def test_a_file_that_was_only_touched_is_known_by_its_bytes(session: Session, site: Site, tmp_path: Path) -> None:
    embedder = Hashing()
    folder = folder_of(tmp_path, 2)
    enrol(session, site, folder)
    work(session, site, embedder)
    seen, version = len(embedder.seen), session.scalar(select(Site.kb_version))
    os.utime(folder / "doc0001.md", (LONG_AGO + 9, LONG_AGO + 9))
    assert len(enrol(session, site, folder).documents) == 1
    work(session, site, embedder)
    assert (len(embedder.seen), session.scalar(select(Site.kb_version))) == (seen, version)
    assert enrol(session, site, folder).unchanged == 2  # its new time is known now


def test_bytes_that_change_under_the_same_size_are_seen(session: Session, site: Site, tmp_path: Path) -> None:
    folder = aged(write(tmp_path, hours="# Hours\n\nWe close at eight."))
    enrol(session, site, folder)
    work(session, site)
    aged(write(tmp_path, hours="# Hours\n\nWe close at seven"), by=5)
    assert len(enrol(session, site, folder).documents) == 1
    work(session, site)
    assert "seven" in session.scalars(select(Chunk.text)).one()


def test_a_file_written_this_moment_has_no_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("a")
    written = file.stat().st_mtime_ns
    assert file_mark(file, now_ns=written + 1_000) == ""
    assert file_mark(file, now_ns=written + 10**9) != ""
    assert file_mark(tmp_path / "nobody.md") == ""


def test_a_second_look_keeps_the_index_fresh(session: Session, site: Site, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, 1)
    enrol(session, site, folder)
    work(session, site)
    days = get_settings().index_stale_hours / 24
    session.execute(update(Document).values(checked_at=func.now() - text(f"interval '{days - 1} days'")))
    session.commit()
    enrol(session, site, folder)
    assert session.scalar(select(func.now() - Document.checked_at < text("interval '1 minute'")))


def test_a_document_a_thousand_times_is_embedded_once(session: Session, site: Site, tmp_path: Path) -> None:
    folder = aged(write(tmp_path, **{f"copy{n:04}": RETURNS for n in range(1_000)}))
    embedder = Hashing()
    enrol(session, site, folder)
    work(session, site, embedder)
    assert session.scalar(select(func.count()).where(Document.state == "live")) == 1_000
    assert len(embedder.seen) == 1
    assert titles(session, site, "days for a refund")[0] == "Returns"


def test_a_renamed_file_costs_no_embedding_and_answers_under_its_new_name(
    session: Session, site: Site, tmp_path: Path
) -> None:
    folder, embedder = aged(write(tmp_path, returns=RETURNS)), Hashing()
    enrol(session, site, folder)
    work(session, site, embedder)
    (folder / "returns.md").rename(folder / "sending-back.md")
    made = enrol(session, site, folder)
    assert (len(made.documents), made.removed) == (1, 1)
    assert titles(session, site, "refund days") == []
    work(session, site, embedder)
    assert len(embedder.seen) == 1
    assert titles(session, site, "refund days") == ["Returns"]
    states = {Path(row.locator).name: row.state for row in session.scalars(select(Document))}
    assert states == {"returns.md": "removed", "sending-back.md": "live"}


class Choosy(Hashing):
    """Refuses one text; the server is away from the text after `until` on; counts its calls."""

    def __init__(self, refuses: str = "", until: int = 10**9, error: EmbedderUnavailable | None = None) -> None:
        super().__init__()
        self.refuses, self.until, self.error = refuses, until, error or EmbedderUnavailable()

    def embed(self, texts: list[str]) -> Any:
        for one in texts:
            if self.refuses and self.refuses in one:
                raise TextRefused("The embedding model refused a text of this document: shorten it.", text=one)
        if len(self.seen) + len(texts) > self.until:
            raise self.error
        return super().embed(texts)


def test_a_text_that_is_refused_fails_its_own_document_alone(session: Session, site: Site, tmp_path: Path) -> None:
    enrol(session, site, folder_of(tmp_path, 4))
    work(session, site, Choosy(refuses="subject2 "))
    found = {row.title or Path(row.locator).stem: (row.state, row.reason) for row in session.scalars(select(Document))}
    assert found.pop("doc0002") == ("failed", "The embedding model refused a text of this document: shorten it.")
    assert set(found.values()) == {("live", "")}


def test_an_embedding_service_that_ends_in_the_middle_costs_nothing_twice(
    session: Session, site: Site, tmp_path: Path
) -> None:
    said = [" ".join(f"Sentence {at} about subject{n} here." for at in range(130)) for n in range(40)]
    parts = "\n\n".join(f"## Part {n}\n\n{text}" for n, text in enumerate(said))
    enrol(session, site, aged(write(tmp_path, guide=f"# Guide\n\n{parts}")))
    failing = Choosy(until=128)
    work(session, site, failing)
    waiting = the_document(session)
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert "did not answer" in waiting.reason
    assert waiting.due_at is not None
    assert session.scalar(select(func.count()).select_from(Chunk)) == 0, "no half document answers"
    assert session.scalar(select(func.count()).select_from(EmbeddingCache)) == 128
    session.execute(update(Document).values(due_at=func.now()))
    session.commit()
    again = Hashing()
    work(session, site, again)
    assert the_document(session).state == "live"
    windows = session.scalar(text("SELECT count(*) FROM chunk_vectors"))
    assert windows is not None
    assert len(again.seen) == windows - 128
    assert not set(failing.seen) & set(again.seen)


def test_an_outage_fails_no_document_however_long_it_is(session: Session, site: Site, tmp_path: Path) -> None:
    enrol(session, site, aged(write(tmp_path, returns=RETURNS)))
    refused = EmbedderRefused("The embedding server refused m (HTTP 401): set OPENAI_API_KEY to a key that it knows.")
    for _ in range(12):
        work(session, site, Choosy(until=0, error=refused))
        session.execute(update(Document).values(due_at=func.now()))
        session.commit()
    waiting = the_document(session)
    assert (waiting.state, waiting.attempts) == ("queued", 12)
    assert "OPENAI_API_KEY" in waiting.reason
    assert len(told(session, waiting)) < 25, "a long outage does not fill the history"
    work(session, site)
    assert the_document(session).state == "live"


def test_a_document_that_kills_its_readers_is_read_alone_and_then_given_up(
    session: Session, site: Site, tmp_path: Path
) -> None:
    enrol(session, site, folder_of(tmp_path, 3))
    deadly = Document.locator.endswith("doc0000.md")
    session.execute(update(Document).where(deadly).values(attempts=2))  # two workers have died with it
    session.commit()
    assert index_waiting(site.id, embedders=only(Hashing())) == 2
    assert session.scalar(select(Document.state).where(deadly)) == "queued"
    session.execute(update(Document).where(deadly).values(attempts=4))
    session.commit()
    assert index_waiting(site.id, embedders=only(Hashing())) == 1
    assert session.scalar(select(Document.state).where(deadly)) == "failed"
    assert "died each time" in (session.scalar(select(Document.reason).where(deadly)) or "")


def test_the_servers_own_pause_is_kept(session: Session, site: Site, tmp_path: Path) -> None:
    enrol(session, site, aged(write(tmp_path, returns=RETURNS)))
    work(session, site, Choosy(until=0, error=EmbedderUnavailable(retry_after_s=600)))
    wait = session.scalar(select(func.extract("epoch", Document.due_at - func.now())))
    assert wait == pytest.approx(600, rel=0.21)


def test_one_batch_takes_so_many_and_no_more(session: Session, site: Site, tmp_path: Path) -> None:
    made = enrol(session, site, folder_of(tmp_path, 70))
    assert len(made.documents) == 70
    assert index_waiting(site.id, embedders=only(Hashing()), most=64) == 64
    assert index_waiting(site.id, embedders=only(Hashing()), most=64) == 6
    assert index_waiting(site.id, embedders=only(Hashing()), most=64) == 0


def test_one_ring_is_enough_for_many(session: Session, site: Site, tmp_path: Path) -> None:
    from kb.documents.registering import register_folder
    from kb.sources.source import find_sources

    register_folder(session, site_id=site.id, folder=find_sources(str(folder_of(tmp_path, 70))))
    assert len(session.info["jobs"]) == -(-70 // RUNG_FOR)
