"""A chunk that the fused ranking proposes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Candidate:
    """A chunk that both legs' ranking proposes, with their scores."""

    chunk_id: int
    document_id: str
    title: str
    section: str
    url: str
    source: str
    text: str
    page: int | None
    updated_at: datetime | None
    fused: float
    lexical: float
    cosine: float
    start: int = 0  # characters of the document's text before it
    places: tuple[tuple[int, int | None, str], ...] = ()  # from which character of `text` on which page and anchor
    version: str = ""  # of the document; the same while its bytes are
    language: str = ""  # of its document, ISO 639-1
