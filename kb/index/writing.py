"""Many documents of which much has changed are written by one statement: row by row, that takes longer than reading."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from core.models import Document

TYPES = {
    **dict.fromkeys(("state", "reason", "title", "url", "language", "content_hash", "etag"), "text"),
    "attempts": "int",
    **dict.fromkeys(("due_at", "leased_until", "checked_at", "updated_at"), "timestamptz"),
}
WRITE = text(
    f"UPDATE documents SET {', '.join(f'{name} = new.{name}' for name in TYPES)} "  # noqa: S608 - our own columns
    f"FROM unnest(CAST(:ids AS uuid[]), {', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in TYPES.items())}) "
    f"AS new (id, {', '.join(TYPES)}) WHERE documents.id = new.id"
)


def write_together(session: Session, documents: Sequence[Document]) -> None:
    """Write what indexing changes of these, which are locked. What else was changed of them is flushed as ever."""
    values = {name: [getattr(document, name) for document in documents] for name in TYPES}
    with session.no_autoflush:
        session.execute(WRITE, {"ids": [document.id for document in documents], **values})
    for name, column in values.items():
        for document, value in zip(documents, column, strict=True):
            set_committed_value(document, name, value)
