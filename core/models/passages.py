"""What is searched: passages, their vectors, and the postings of their words, each for one audience."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import HALFVEC, VECTOR
from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import at_column, site_column

TERM_MAX = 64  # characters; longer ones are cut


class Audience(Base):
    """Who may be answered from a passage: one site, and one set of its channels ("*": all of them).

    Vectors and postings carry its number alone, so that a search can't reach past it.
    """

    __tablename__ = "audiences"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    site_id: Mapped[str] = site_column()
    channels: Mapped[list[str]] = mapped_column(ARRAY(String(32)))  # sorted
    languages: Mapped[list[str]] = mapped_column(ARRAY(String(8)), server_default="{}")  # that its passages are in
    __table_args__ = (UniqueConstraint("site_id", "channels"),)


class Chunk(Base):
    """A passage of 512 to 800 tokens of one live document."""

    __tablename__ = "chunks"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    site_id: Mapped[str] = site_column()
    audience_id: Mapped[int] = mapped_column(ForeignKey("audiences.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    section: Mapped[str] = mapped_column(Text, default="")  # headings above it, joined by " › "
    page: Mapped[int | None]  # of a PDF, from 1: where it begins
    start: Mapped[int] = mapped_column(server_default="0")  # characters of the document's text before it
    places: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")  # [offset, page or null, anchor], ascending
    text: Mapped[str] = mapped_column(Text)
    tokens: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))


class EmbeddingModel(Base):
    """A model that vectors were made with; vectors of different ones are never compared."""

    __tablename__ = "embedding_models"
    id: Mapped[int] = mapped_column(SmallInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    dimensions: Mapped[int]


class ChunkVector(Base):
    """One embedded window of a chunk: narrow, in half precision and never moved out of its row, so scans are quick."""

    __tablename__ = "chunk_vectors"
    chunk_id: Mapped[int] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("embedding_models.id"), primary_key=True)
    window: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    audience_id: Mapped[int] = mapped_column(BigInteger)
    embedding: Mapped[Any] = mapped_column(HALFVEC())
    __table_args__ = (Index(None, "audience_id", "model_id"),)


class Segment(Base):
    """An inverted index over some passages of one audience: written once, merged with others later.

    Row n is the passage `chunk_ids[n]`. What is removed is only marked, in the commit that removes it.
    """

    __tablename__ = "segments"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    audience_id: Mapped[int] = mapped_column(ForeignKey("audiences.id", ondelete="CASCADE"), index=True)
    chunk_ids: Mapped[bytes] = mapped_column(LargeBinary)  # int64, little-endian, ascending
    lengths: Mapped[bytes] = mapped_column(LargeBinary)  # terms per row, int32
    words: Mapped[str] = mapped_column(Text)  # for spelling, a line each: word (folded), in how many rows, its term
    dead: Mapped[bytes] = mapped_column(LargeBinary, server_default="")  # rows that were removed, uint16
    created_at: Mapped[datetime] = at_column()


class Posting(Base):
    """Where one term occurs in one segment: rows as uint16, then as many counts as uint8.

    They go with their segment by a trigger: a foreign key would look the segment up for each of them.
    """

    __tablename__ = "postings"
    segment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    term: Mapped[str] = mapped_column(String(TERM_MAX, collation="C"), primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class EmbeddingCache(Base):
    """Vectors by model and text hash: an unchanged text is never embedded twice."""

    __tablename__ = "embedding_cache"
    model: Mapped[str] = mapped_column(String(80), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    embedding: Mapped[Any] = mapped_column(VECTOR())
    made_at: Mapped[datetime] = at_column(index=True)
