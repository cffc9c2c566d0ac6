"""A search for a document's own words: does it answer, or, once it was taken out, does it not any more?"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db import reading, transaction
from core.log import get_logger
from core.models import Chunk, Document
from core.queue import Job, enqueue
from kb.embeddings.embedder import Embedder
from kb.index.replacing import note
from kb.search.hybrid import search
from kb.sources.source import EVERY_CHANNEL

log = get_logger(__name__)

WORDS = 30  # enough to find a passage by
LOOKED_AT = 8  # passages that a search may give
GONE = "A search for its own words does not find it any more."
STILL_THERE = "A search for its own words still finds it: it is looked for again, please tell us."


@dataclass(frozen=True)
class Probe:
    """What a search for `words` gave. `rank` counts from 1; None: the document was not among what was found."""

    words: str
    channel: str
    rank: int | None
    answerable: float


def own_words(session: Session, document_id: UUID) -> str:
    """The first words of a document as it answers now; "" where it does not."""
    first = select(func.left(Chunk.text, 1000)).where(Chunk.document_id == document_id)
    text = session.scalar(first.order_by(Chunk.position).limit(1)) or ""
    return " ".join(text.replace("#", " ").split()[:WORDS])


def remember_words(session: Session, document: Document) -> None:
    """Before `document` is taken out: keep what is to find it no more, and ask for the look after the commit."""
    if document.state == "live":
        document.probe = own_words(session, document.id)
        enqueue(session, Job.VERIFY_REMOVED)


def probe(session: Session, document: Document, words: str, *, embedder: Embedder | None = None) -> Probe:
    """Search for `words` in a channel that the document is meant for."""
    channel = "web" if EVERY_CHANNEL in document.channels else document.channels[0]
    found = search(session, site_id=document.site_id, channel=channel, query=words, top_k=LOOKED_AT, embedder=embedder)
    ranks = [at for at, snippet in enumerate(found.snippets, 1) if str(snippet.doc_id) == str(document.id)]
    return Probe(words, channel, min(ranks, default=None), found.answerable)


def verify_removed(limit: int = 100, *, embedder: Embedder | None = None) -> int:
    """Look for documents that were taken out, and note that they are gone. Returns how many are not."""
    wanted = select(Document).where(Document.probe != "").order_by(Document.id).limit(limit)
    with reading() as session:
        found = [(row, probe(session, row, row.probe, embedder=embedder)) for row in session.scalars(wanted).all()]
    return sum(_told(row.id, result) for row, result in found)


def _told(document_id: UUID, result: Probe) -> bool:
    """Note what was found; True where it ought not to have been."""
    with transaction() as session:
        wanted = select(Document).where(Document.id == document_id, Document.probe == result.words)
        document = session.scalars(wanted.with_for_update()).one_or_none()
        if document is None or document.state == "live":  # somebody has put it back meanwhile
            if document is not None:
                document.probe = ""
            return False
        still_there = result.rank is not None
        note(session, document, document.state, STILL_THERE if still_there else GONE)
        if still_there:
            log.error("removed_document_found", document=str(document_id), rank=result.rank)
        else:
            document.probe = ""
        return still_there
