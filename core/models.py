"""The whole schema: who talks (sites, visitors, threads), what happens (turns, events), what is known, what is done."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, MetaData, String, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

metadata: MetaData = Base.metadata

Json = dict[str, Any]
Now = func.now()


def _id() -> Mapped[UUID]:
    return mapped_column(primary_key=True, default=uuid4)


def _at(*, index: bool = False) -> Mapped[datetime]:
    return mapped_column(DateTime(timezone=True), server_default=Now, index=index)


def _maybe_at() -> Mapped[datetime | None]:
    return mapped_column(DateTime(timezone=True))


def _site() -> Mapped[str]:
    return mapped_column(ForeignKey("sites.id", ondelete="CASCADE"), index=True)


# ---- who talks ----


class Site(Base):
    """One WordPress site with its own knowledge, visitors and tools."""

    __tablename__ = "sites"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    api_key_hash: Mapped[str] = mapped_column(String(64))  # SHA-256, hex
    identity_secret: Mapped[str] = mapped_column(String(200), server_default="")  # HS256; empty: no identity tokens
    tools: Mapped[list[str]] = mapped_column(ARRAY(String(64)))  # switched on
    kb_version: Mapped[int] = mapped_column(BigInteger, server_default="0")  # grows with every change of the index
    created_at: Mapped[datetime] = _at()


class Visitor(Base):
    """One browser (or e-mail sender) on one site."""

    __tablename__ = "visitors"
    id: Mapped[UUID] = _id()
    site_id: Mapped[str] = _site()
    verified_email: Mapped[str | None] = mapped_column(String(320))  # proven by an identity token
    contact_email: Mapped[str | None] = mapped_column(String(320))  # merely told
    created_at: Mapped[datetime] = _at()


class Thread(Base):
    """One conversation. `status` says who has it: bot, waiting, person or closed."""

    __tablename__ = "threads"
    id: Mapped[UUID] = _id()
    site_id: Mapped[str] = _site()
    visitor_id: Mapped[UUID] = mapped_column(ForeignKey("visitors.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), default="bot")
    owner: Mapped[str | None] = mapped_column(String(200))  # the person who has it
    created_at: Mapped[datetime] = _at()


class Message(Base):
    """What a visitor, the agent, a person or the system said in a thread."""

    __tablename__ = "messages"
    id: Mapped[UUID] = _id()
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    turn_id: Mapped[UUID | None] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(16))  # visitor, agent, staff, system
    content: Mapped[str] = mapped_column(Text)
    citations: Mapped[list[Json]] = mapped_column(JSONB, default=list)
    client_msg_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = _at()
    __table_args__ = (
        Index(None, "thread_id", "position"),
        UniqueConstraint("thread_id", "client_msg_id"),
        # One turn speaks once: the database itself refuses a second reply.
        Index("uq_messages_reply", "turn_id", unique=True, postgresql_where=role == "agent"),
    )


class Feedback(Base):
    """A visitor's thumb on one message; the last one counts."""

    __tablename__ = "feedback"
    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    thumbs: Mapped[str] = mapped_column(String(8))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    created_at: Mapped[datetime] = _at()


# ---- what happens ----


class Turn(Base):
    """One run of the state machine. Its truth is `turn_events`; this row is the newest state."""

    __tablename__ = "turns"
    id: Mapped[UUID] = _id()
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    site_id: Mapped[str] = _site()
    phase: Mapped[str] = mapped_column(String(16))
    state: Mapped[Json] = mapped_column(JSONB)
    pending: Mapped[Json | None] = mapped_column(JSONB)  # the effect that a worker must perform next
    seq: Mapped[int] = mapped_column(default=0)  # events recorded so far
    outcome: Mapped[str | None] = mapped_column(String(16))  # answered, abstained, handed_off, ticketed, failed
    settings_hash: Mapped[str] = mapped_column(String(16))
    fence: Mapped[int] = mapped_column(default=0)  # grows with each claim; a stale holder can't write
    leased_until: Mapped[datetime | None] = _maybe_at()
    leased_by: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = _at(index=True)
    due_at: Mapped[datetime | None] = _maybe_at()  # when this run degrades; set at each claim
    deadline_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))  # when it ends, whatever happens
    ended_at: Mapped[datetime | None] = _maybe_at()
    __table_args__ = (
        Index("uq_turns_open", "thread_id", unique=True, postgresql_where=ended_at.is_(None)),
        Index("ix_turns_pending", "leased_until", postgresql_where=ended_at.is_(None)),
    )


class TurnEvent(Base):
    """One fact in a turn's journal, with the effects that `step` answered to it. Never updated."""

    __tablename__ = "turn_events"
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=1)  # of the form in which it is written
    event: Mapped[Json] = mapped_column(JSONB)
    effects: Mapped[list[Json]] = mapped_column(JSONB)
    recorded_at: Mapped[datetime] = _at()


class ToolRun(Base):
    """A writing tool's intent, recorded before it acts, and its result after. `key` makes it happen once."""

    __tablename__ = "tool_runs"
    key: Mapped[str] = mapped_column(String(120), primary_key=True)  # turn:call
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), index=True)
    tool: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[Json] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(String(16), default="intended")  # intended, done, failed
    output: Mapped[Json | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = _at()
    ended_at: Mapped[datetime | None] = _maybe_at()


class Tick(Base):
    """A scheduled job's moment, claimed by whoever inserts it: a scheduler that ticks twice does no harm."""

    __tablename__ = "ticks"
    job: Mapped[str] = mapped_column(String(64), primary_key=True)
    scheduled_for: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)


class WorkerBeat(Base):
    """When a worker process was last seen alive."""

    __tablename__ = "worker_beats"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    queues: Mapped[str] = mapped_column(String(120))
    seen_at: Mapped[datetime] = _at()


# ---- what is known ----


class Document(Base):
    """One document of a site. `state`: queued, fetching, extracting, embedding, live, failed or removed."""

    __tablename__ = "documents"
    id: Mapped[UUID] = _id()
    site_id: Mapped[str] = _site()
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
    leased_until: Mapped[datetime | None] = _maybe_at()
    due_at: Mapped[datetime | None] = _maybe_at()  # when its source is to be read next; null: nothing to do
    updated_at: Mapped[datetime | None] = _maybe_at()  # of the document itself, where known
    updated_given: Mapped[bool] = mapped_column(default=False)
    checked_at: Mapped[datetime | None] = _maybe_at()  # last time that its source was read
    created_at: Mapped[datetime] = _at()
    __table_args__ = (UniqueConstraint("site_id", "locator"), Index(None, "site_id", "state"))


class DocumentEvent(Base):
    """One change of a document's state: its history."""

    __tablename__ = "document_events"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = _at()


class Chunk(Base):
    """A passage of 512 to 800 tokens of one live document."""

    __tablename__ = "chunks"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    site_id: Mapped[str] = _site()
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


# ---- what is done ----


class Order(Base):
    """A shop order, imported or mirrored. `number` is what the customer knows."""

    __tablename__ = "orders"
    site_id: Mapped[str] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), primary_key=True)
    email: Mapped[str] = mapped_column(String(320), index=True)  # lower case
    status: Mapped[str] = mapped_column(String(32))
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    total: Mapped[str] = mapped_column(String(24))
    currency: Mapped[str] = mapped_column(String(3))
    shipping_method: Mapped[str] = mapped_column(String(120), default="")
    items: Mapped[list[Json]] = mapped_column(JSONB)  # {name, quantity}
    tracking: Mapped[list[Json]] = mapped_column(JSONB)  # {carrier, number}


class Ticket(Base):
    """A support case. `key` keeps it from being opened twice."""

    __tablename__ = "tickets"
    id: Mapped[UUID] = _id()
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True, start=1001), unique=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    site_id: Mapped[str] = _site()
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    email: Mapped[str | None] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    priority: Mapped[str] = mapped_column(String(8), default="normal")
    status: Mapped[str] = mapped_column(String(16), default="open")
    created_at: Mapped[datetime] = _at()


class Handoff(Base):
    """A thread in the queue for a person: waiting, claimed, returned or resolved."""

    __tablename__ = "handoffs"
    id: Mapped[UUID] = _id()
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    site_id: Mapped[str] = _site()
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    excerpt: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(16), default="waiting")
    claimed_by: Mapped[str | None] = mapped_column(String(200))
    claimed_at: Mapped[datetime | None] = _maybe_at()
    closed_at: Mapped[datetime | None] = _maybe_at()
    created_at: Mapped[datetime] = _at(index=True)
    __table_args__ = (
        # A thread waits in the queue once.
        Index("uq_handoffs_open", "thread_id", unique=True, postgresql_where=closed_at.is_(None)),
    )
