"""Documents written straight into a site's index, without loaders and models, and found again by their words."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.models import Document
from kb.chunks.chunker import Passage
from kb.documents.preparing import Prepared
from kb.errors import EmbedderUnavailable
from kb.index.replacing import replace

MODEL = "none"


class Away:
    """An embedder that never answers: words alone are searched."""

    name = MODEL

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        raise EmbedderUnavailable


def make_document(session: Session, site_id: str, name: str, channels: Sequence[str] = ("*",)) -> Document:
    document = Document(site_id=site_id, source="file", locator=f"/{name}", channels=list(channels), state="queued")
    session.add(document)
    session.flush()
    return document


def prepared(*texts: str, title: str = "", language: str = "", vectors: Sequence[object] | None = None) -> Prepared:
    """A document of one passage a text, without meaning unless vectors are given."""
    passages = tuple(Passage("", None, text, 10) for text in texts)
    made = tuple(np.asarray(one, np.float32) for one in vectors or [np.zeros((1, 4))] * len(texts))
    return Prepared(title, "h", passages, made, MODEL, language)


def publish(session: Session, site_id: str, name: str, *texts: str, channels: Sequence[str] = ("*",)) -> UUID:
    """A live document."""
    document = make_document(session, site_id, name, channels)
    replace(session, document, prepared(*texts))
    return document.id
