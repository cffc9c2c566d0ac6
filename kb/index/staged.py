"""Passages that are staged: they belong to their document, and to an audience that nobody is of."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from core.models import Audience, Chunk, StagedDocument

MARK = "~"  # no channel begins so
NAME_CHARS = 20


def hidden_channel(document_id: UUID) -> str:
    """The only channel of a document's staged passages."""
    return MARK + document_id.hex[:NAME_CHARS]


def is_staged() -> ColumnElement[bool]:
    """The passage is staged, not live."""
    return Chunk.audience_id.in_(select(Audience.id).where(func.starts_with(Audience.channels[1], MARK)))


def forget_staged(session: Session, document_ids: Sequence[UUID]) -> None:
    """What was staged of these documents is live by now, or gone."""
    gone = delete(StagedDocument).where(StagedDocument.document_id.in_(document_ids)).returning(StagedDocument.site_id)
    for site_id in set(session.scalars(gone)):
        hidden = [[hidden_channel(document_id)] for document_id in document_ids]
        session.execute(delete(Audience).where(Audience.site_id == site_id, Audience.channels.in_(hidden)))
