"""What is done for visitors: orders, tickets, handoffs, and what leaves for other services."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import Json, at_column, id_column, maybe_at_column, site_column


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
    id: Mapped[UUID] = id_column()
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True, start=1001), unique=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    site_id: Mapped[str] = site_column()
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    email: Mapped[str | None] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    priority: Mapped[str] = mapped_column(String(8), default="normal")
    status: Mapped[str] = mapped_column(String(16), default="open")
    created_at: Mapped[datetime] = at_column()


class Handoff(Base):
    """A thread in the queue for a person: waiting, claimed, returned or resolved."""

    __tablename__ = "handoffs"
    id: Mapped[UUID] = id_column()
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    site_id: Mapped[str] = site_column()
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    excerpt: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(16), default="waiting")
    claimed_by: Mapped[str | None] = mapped_column(String(200))
    claimed_at: Mapped[datetime | None] = maybe_at_column()
    closed_at: Mapped[datetime | None] = maybe_at_column()
    created_at: Mapped[datetime] = at_column(index=True)
    __table_args__ = (
        # A thread waits in the queue once.
        Index("uq_handoffs_open", "thread_id", unique=True, postgresql_where=closed_at.is_(None)),
    )


class Outgoing(Base):
    """Something that must leave for another service, written with the fact that it tells. `key` makes it leave once."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)  # the receiver's idempotency key
    site_id: Mapped[str] = site_column()
    destination: Mapped[str] = mapped_column(String(80))  # what a circuit rests: "notices:SITE"
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[Json] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(String(8), server_default="pending")  # pending, sent, dead
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = at_column()
    leased_until: Mapped[datetime | None] = maybe_at_column()
    reason: Mapped[str] = mapped_column(Text, server_default="")  # why the last attempt failed
    created_at: Mapped[datetime] = at_column()
    sent_at: Mapped[datetime | None] = maybe_at_column()
    __table_args__ = (Index("ix_outbox_due", "due_at", postgresql_where=state == "pending"),)
