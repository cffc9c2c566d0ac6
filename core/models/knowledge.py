"""What is known: documents, their history, and the sitemaps that they were found in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import Json, at_column, id_column, maybe_at_column, site_column


class Document(Base):
    """One document of a site.

    `state`: queued, fetching, extracting, embedding, live, failed, removed, or cancelled.
    """

    __tablename__ = "documents"
    id: Mapped[UUID] = id_column()
    site_id: Mapped[str] = site_column()
    source: Mapped[str] = mapped_column(String(16))  # file, url, wordpress
    sitemap_id: Mapped[int | None] = mapped_column(ForeignKey("sitemaps.id", ondelete="SET NULL"), index=True)
    locator: Mapped[str] = mapped_column(Text)  # absolute path or URL; with the site its identity
    address: Mapped[str] = mapped_column(Text, server_default="")  # where it is read, if that is not the locator
    title: Mapped[str] = mapped_column(Text, default="")
    title_given: Mapped[bool] = mapped_column(default=False)  # by its source's description, so not read from its text
    url: Mapped[str] = mapped_column(Text, default="")  # what a citation links to
    channels: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    language: Mapped[str] = mapped_column(String(8), server_default="")  # of its words, as ISO 639-1; "": not known
    state: Mapped[str] = mapped_column(String(16), default="queued")
    reason: Mapped[str] = mapped_column(Text, default="")  # why it failed, and what to do
    content_hash: Mapped[str] = mapped_column(String(64), default="")  # SHA-256 of the bytes that are live
    etag: Mapped[str] = mapped_column(Text, server_default="")  # the source's word for its version, to ask again with
    paused: Mapped[bool] = mapped_column(server_default="false")  # not read again until somebody says so
    probe: Mapped[str] = mapped_column(Text, server_default="")  # words that must find it no more, until that is seen
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = maybe_at_column()
    due_at: Mapped[datetime | None] = maybe_at_column()  # when its source is to be read next; null: nothing to do
    updated_at: Mapped[datetime | None] = maybe_at_column()  # of the document itself, where known
    updated_given: Mapped[bool] = mapped_column(default=False)
    checked_at: Mapped[datetime | None] = maybe_at_column()  # last time that its source was read
    created_at: Mapped[datetime] = at_column()
    __table_args__ = (
        UniqueConstraint("site_id", "locator"),
        Index(None, "site_id", "state"),
        Index("ix_documents_unverified", "id", postgresql_where=probe != ""),
    )


class DocumentEvent(Base):
    """One change of a document's state: its history."""

    __tablename__ = "document_events"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = at_column()


class StagedDocument(Base):
    """A changed document that is not live yet: its new passages stand beside the old ones, and answer nobody.

    `state`: waiting (to be tried), held (until a person decides), thrown (away: the same is not staged again).
    """

    __tablename__ = "staged_documents"
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    site_id: Mapped[str] = site_column()
    state: Mapped[str] = mapped_column(String(8), server_default="waiting")
    content_hash: Mapped[str] = mapped_column(String(64))
    draft: Mapped[Json | None] = mapped_column(JSONB)  # what is to be live; null once it was thrown away
    leaving: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # passages that go when it is let live
    report: Mapped[Json] = mapped_column(JSONB, server_default="{}")  # what came of the trial; no visitor's words
    leased_until: Mapped[datetime | None] = maybe_at_column()
    staged_at: Mapped[datetime] = at_column()


class Sitemap(Base):
    """A list of addresses that a site publishes; its pages are documents. `state`: queued, reading, live or failed."""

    __tablename__ = "sitemaps"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    site_id: Mapped[str] = site_column()
    url: Mapped[str] = mapped_column(Text)
    channels: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    state: Mapped[str] = mapped_column(String(16), server_default="queued")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    pages: Mapped[int] = mapped_column(server_default="0")  # that it named when it was last read
    attempts: Mapped[int] = mapped_column(server_default="0")
    leased_until: Mapped[datetime | None] = maybe_at_column()
    due_at: Mapped[datetime | None] = maybe_at_column()
    checked_at: Mapped[datetime | None] = maybe_at_column()
    created_at: Mapped[datetime] = at_column()
    __table_args__ = (UniqueConstraint("site_id", "url"),)
