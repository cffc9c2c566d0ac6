"""An indexing process is killed in the middle (SIGKILL): another one takes over, and pays only for what is missing."""

import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from core import db
from core.embedded import Addresses
from core.models import Chunk, Document, EmbeddingCache
from core.queue import Job
from kb.documents.claims import Claims
from kb.documents.indexer import due, index_waiting
from kb.documents.registering import register_folder
from kb.documents.steering import rings
from kb.embeddings.site_models import only
from kb.search.hybrid import search
from kb.sources.source import find_sources
from tests.conftest import SITE, make_site
from tests.kb.samples import Hashing, write
from tests.kb.steps import aged

# Embeds two batches, says so, and then sits in the third until it is killed.
WORKER = """
import sys, time
from core import log
from kb.documents.indexer import index_waiting
from kb.embeddings.site_models import only
from tests.kb.samples import Hashing

class Stuck(Hashing):
    calls = 0
    def embed(self, texts):
        self.calls += 1
        if self.calls == 3:
            print("stuck", flush=True)
            time.sleep(60)
        return super().embed(texts)

log.configure("ERROR")
index_waiting(sys.argv[1], embedders=only(Stuck()))
"""


@pytest.fixture
def waiting(committed: Addresses, tmp_path: Path) -> None:
    """Documents that are registered, with some 200 windows in all."""
    said = {f"d{n}": [f"Sentence {at} about subject{n} here." for at in range(1_000)] for n in range(6)}
    folder = aged(write(tmp_path, **{name: "\n\n".join(["# Guide", *lines]) for name, lines in said.items()}))
    with db.transaction() as session:
        make_site(session)
        register_folder(session, site_id=SITE, folder=find_sources(str(folder)))


def count(table: type) -> int:
    with db.transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_killed_worker_costs_one_batch(waiting: None) -> None:
    command, place = [sys.executable, "-c", WORKER, SITE], os.environ | here()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=place) as worker:  # noqa: S603 - our own
        assert worker.stdout is not None
        assert b"stuck\n" in iter(worker.stdout.readline, b""), "it ended before it was killed"
        worker.send_signal(signal.SIGKILL)
    kept = count(EmbeddingCache)
    assert kept == 256
    assert count(Chunk) == 0, "no half document answers"
    assert due(SITE) == [], "its lease holds still"
    with db.transaction() as session:
        states = session.execute(select(Document.state, Document.attempts).distinct()).all()
        assert [tuple(row) for row in states] == [("embedding", 1)]
        session.execute(update(Document).values(leased_until=func.now() - text("interval '1 second'")))
    with db.transaction() as session:
        assert set(rings(session)) <= set(due(SITE)), "the sweep rings for one, who hears it takes all"
        assert len(rings(session)) == 1
    embedder = Hashing()
    assert index_waiting(SITE, embedders=only(embedder)) == 6
    with db.transaction() as session:
        assert session.scalars(select(Document.state).distinct()).all() == ["live"]
        windows = session.scalar(text("SELECT count(*) FROM chunk_vectors"))
        assert windows is not None
        assert len(embedder.seen) == windows - kept
        found = search(session, site_id=SITE, channel="web", query="subject3", embedder=Hashing())
        assert "subject3" in found.snippets[0].text


def test_a_lease_is_renewed_while_a_document_is_read(waiting: None) -> None:
    def lease() -> datetime | None:
        with db.transaction() as session:
            return session.scalar(select(func.max(Document.leased_until)))

    claims = Claims.take(due(SITE))
    before = lease()
    with claims.kept(every_s=0.01):
        until = time.monotonic() + 10
        while lease() == before and time.monotonic() < until:
            time.sleep(0.01)
    assert lease() != before
    assert len(claims.say("extracting", list(claims))) == 6, "they are ours still"


def test_every_job_of_the_worker_is_known_to_it() -> None:
    from core.queue import QUEUES, celery_app
    from kb import tasks

    assert tasks.log
    assert {str(job) for job, queue in QUEUES.items() if queue == "index"} <= set(celery_app.tasks)
    assert {Job.REEMBED, Job.VERIFY_REMOVED} <= set(QUEUES)


def here() -> dict[str, str]:
    """Where the subprocess finds the tests' own modules."""
    return {"PYTHONPATH": str(Path(__file__).parents[2])}
