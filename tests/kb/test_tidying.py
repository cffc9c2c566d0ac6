"""What is too old or too much goes, and nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Document, DocumentEvent, EmbeddingCache, Site
from core.settings import get_settings
from kb.documents.tidying import tidy

NOW = datetime.now(UTC)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache of three vectors at most."""
    monkeypatch.setenv("HANDRAIL_EMBEDDING_CACHE_MOST", "3")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def keep(session: Session, *ages: float) -> None:
    for number, days in enumerate(ages):
        at = NOW - timedelta(days=days)
        session.add(EmbeddingCache(model="m", content_hash=f"{number:064}", embedding=[1.0], made_at=at))
    session.commit()


def kept(session: Session) -> list[int]:
    return [int(one) for one in session.scalars(select(EmbeddingCache.content_hash).order_by("content_hash"))]


def test_old_vectors_leave_the_cache(session: Session) -> None:
    keep(session, 1, 100, 89, 91)
    tidy()
    assert kept(session) == [0, 2]


def test_of_too_many_vectors_the_oldest_leave(session: Session, small: None) -> None:
    keep(session, 5, 4, 3, 2, 1)
    tidy()
    assert kept(session) == [2, 3, 4]


def test_old_history_goes_but_for_each_documents_last_line(session: Session, site: Site) -> None:
    document = Document(id=uuid4(), site_id=site.id, source="file", locator="/a", channels=["*"])
    session.add(document)
    session.flush()
    for days in (400, 300, 200):
        session.add(DocumentEvent(document_id=document.id, state=f"{days}", at=NOW - timedelta(days=days)))
        session.flush()
    session.commit()
    tidy()
    assert session.scalars(select(DocumentEvent.state)).all() == ["200"]
