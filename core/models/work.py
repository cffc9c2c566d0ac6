"""What is done for visitors: orders, tickets, handoffs, and what leaves for other services."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import Json, Now, at_column, id_column, maybe_at_column, site_column
from core.models.sealed import SealedJson, SealedText
from core.sealing import places


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
    subject: Mapped[str] = mapped_column(SealedText(places.SUBJECT))
    body: Mapped[str] = mapped_column(SealedText(places.BODY))
    priority: Mapped[str] = mapped_column(String(8), default="normal")
    status: Mapped[str] = mapped_column(
        String(16), default="open"
    )  # open, pending (the visitor's turn), solved, closed
    assignee: Mapped[str | None] = mapped_column(String(400))
    due_at: Mapped[datetime | None] = maybe_at_column()  # of the first reply
    replied_at: Mapped[datetime | None] = maybe_at_column()
    solved_at: Mapped[datetime | None] = maybe_at_column()
    breach_told_at: Mapped[datetime | None] = maybe_at_column()  # that it was due and nobody had replied
    external_id: Mapped[str] = mapped_column(String(80), server_default="")  # in the site's helpdesk
    external_url: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = at_column(index=True)


class TicketEvent(Base):
    """One line of a ticket's history: opened, replied, noted, assigned, changed, mirrored. Never updated."""

    __tablename__ = "ticket_events"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = at_column()
    actor: Mapped[str] = mapped_column(String(400))
    kind: Mapped[str] = mapped_column(String(16))
    details: Mapped[Json] = mapped_column(JSONB, server_default="{}")


class Handoff(Base):
    """A thread in the queue for a person: waiting, claimed, returned or resolved."""

    __tablename__ = "handoffs"
    id: Mapped[UUID] = id_column()
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    site_id: Mapped[str] = site_column()
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(SealedText(places.REASON))
    excerpt: Mapped[str] = mapped_column(SealedText(places.EXCERPT), default="")
    priority: Mapped[str] = mapped_column(String(8), server_default="normal")
    status: Mapped[str] = mapped_column(String(16), default="waiting")  # waiting, overdue, claimed, returned, resolved
    claimed_by: Mapped[str | None] = mapped_column(String(200))  # their name; `threads.owner` knows who that is
    # Since when the visitor waits for a person's words; null: nothing that they said is unanswered.
    waits_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), server_default=Now)
    reminded_at: Mapped[datetime | None] = maybe_at_column()  # the channel, once, that nobody has come
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
    thread_id: Mapped[UUID | None] = mapped_column(index=True)  # what it tells of, so that it goes when that goes
    body: Mapped[Json] = mapped_column(SealedJson(places.OUTBOX))
    request_id: Mapped[str] = mapped_column(String(64), server_default="")  # under which the fact was written
    state: Mapped[str] = mapped_column(String(8), server_default="pending")  # pending, sent, dead
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = at_column()
    leased_until: Mapped[datetime | None] = maybe_at_column()
    reason: Mapped[str] = mapped_column(Text, server_default="")  # why the last attempt failed
    created_at: Mapped[datetime] = at_column()
    sent_at: Mapped[datetime | None] = maybe_at_column()
    __table_args__ = (
        Index("ix_outbox_due", "due_at", postgresql_where=state == "pending"),
        Index("ix_outbox_waiting", "destination", "id", postgresql_where=state == "pending"),
    )
