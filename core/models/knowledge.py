"""What is known: documents, their passages and vectors."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import at_column, id_column, maybe_at_column, site_column


class Document(Base):
    """One document of a site. `state`: queued, fetching, extracting, embedding, live, failed or removed."""

    __tablename__ = "documents"
    id: Mapped[UUID] = id_column()
    site_id: Mapped[str] = site_column()
    source: Mapped[str] = mapped_column(String(16))  # file, url
    locator: Mapped[str] = mapped_column(Text)  # absolute path or URL; with the site its identity
    title: Mapped[str] = mapped_column(Text, default="")
    title_given: Mapped[bool] = mapped_column(default=False)  # by its source's description, so not read from its text
    url: Mapped[str] = mapped_column(Text, default="")  # what a citation links to
    channels: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    state: Mapped[str] = mapped_column(String(16), default="queued")
    reason: Mapped[str] = mapped_column(Text, default="")  # why it failed, and what to do
    content_hash: Mapped[str] = mapped_column(String(64), default="")  # SHA-256 of the bytes that are live
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = maybe_at_column()
    due_at: Mapped[datetime | None] = maybe_at_column()  # when its source is to be read next; null: nothing to do
    updated_at: Mapped[datetime | None] = maybe_at_column()  # of the document itself, where known
    updated_given: Mapped[bool] = mapped_column(default=False)
    checked_at: Mapped[datetime | None] = maybe_at_column()  # last time that its source was read
    created_at: Mapped[datetime] = at_column()
    __table_args__ = (UniqueConstraint("site_id", "locator"), Index(None, "site_id", "state"))


class DocumentEvent(Base):
    """One change of a document's state: its history."""

    __tablename__ = "document_events"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = at_column()


class Chunk(Base):
    """A passage of 512 to 800 tokens of one live document."""

    __tablename__ = "chunks"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    site_id: Mapped[str] = site_column()
    position: Mapped[int]
    section: Mapped[str] = mapped_column(Text, default="")  # headings above it, joined by " › "
    page: Mapped[int | None]  # of a PDF, from 1
    text: Mapped[str] = mapped_column(Text)
    tokens: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))


class ChunkVector(Base):
    """One embedded window of a chunk: narrow, so that an exact scan of a site is quick."""

    __tablename__ = "chunk_vectors"
    chunk_id: Mapped[int] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True)
    window: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[str] = mapped_column(String(64), index=True)
    document_id: Mapped[UUID]  # the chunk's own, repeated here so that the scan can filter without reading chunks
    model: Mapped[str] = mapped_column(String(80))
    embedding: Mapped[Any] = mapped_column(VECTOR())


class EmbeddingCache(Base):
    """Vectors by model and text hash: an unchanged text is never embedded twice."""

    __tablename__ = "embedding_cache"
    model: Mapped[str] = mapped_column(String(80), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    embedding: Mapped[Any] = mapped_column(VECTOR())
