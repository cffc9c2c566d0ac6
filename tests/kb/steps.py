"""Steps that the tests of indexing share: register a folder, index it, and ask."""

import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Document, DocumentEvent, Site
from kb.documents.indexer import index_waiting
from kb.documents.registering import Registered, register_folder
from kb.embeddings.embedder import Embedder
from kb.embeddings.site_models import only
from kb.search.hybrid import search
from kb.sources.source import find_sources
from tests.kb.samples import Hashing

LONG_AGO = 1_700_000_000


def aged(folder: Path, *, by: int = 0) -> Path:
    """Have all files of `folder` be old enough that their times are trusted."""
    for file in folder.rglob("*"):
        os.utime(file, (LONG_AGO + by, LONG_AGO + by))
    return folder


def enrol(session: Session, site: Site, folder: Path) -> Registered:
    """Register `folder`."""
    made = register_folder(session, site_id=site.id, folder=find_sources(str(folder)))
    session.commit()
    return made


def work(session: Session, site: Site, *embedders: Embedder) -> None:
    """Index all that is due."""
    while index_waiting(site.id, embedders=only(*embedders or (Hashing(),))):
        pass
    session.expire_all()


def titles(session: Session, site: Site, question: str, embedder: Embedder | None = None) -> list[str]:
    """Titles of what is found."""
    found = search(session, site_id=site.id, channel="web", query=question, embedder=embedder or Hashing())
    return [snippet.title for snippet in found.snippets]


def the_document(session: Session) -> Document:
    """The only one, as it is now."""
    session.expire_all()
    return session.scalars(select(Document)).one()


def told(session: Session, document: Document) -> Sequence[str]:
    """A document's history: states with their reasons."""
    events = select(DocumentEvent).where(DocumentEvent.document_id == document.id).order_by(DocumentEvent.id)
    return [f"{one.state}: {one.reason}" if one.reason else one.state for one in session.scalars(events)]
