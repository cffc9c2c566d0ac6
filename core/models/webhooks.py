"""What other systems tell us: each event once, in order for what it is about, until it is carried out."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import Json, at_column, id_column, maybe_at_column
from core.models.sealed import SealedBytes, SealedJson
from core.sealing import places


class WebhookEvent(Base):
    """One signed event. `state`: pending, done, ignored (older than what is known), dead, conflict (another body)."""

    __tablename__ = "webhook_events"
    id: Mapped[UUID] = id_column()
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    site_id: Mapped[str] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(16))
    event_id: Mapped[str] = mapped_column(String(160))  # the sender's, or made from the body
    body_hash: Mapped[str] = mapped_column(String(64))  # SHA-256, hex
    subject: Mapped[str] = mapped_column(String(120))  # "page:42": events about one thing are carried out in order
    action: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(120), server_default="")
    data: Mapped[Json] = mapped_column(SealedJson(places.TOLD))
    body: Mapped[bytes | None] = mapped_column(SealedBytes(places.CAME))  # as it came, for audit; expires
    occurred_at: Mapped[datetime] = at_column()
    received_at: Mapped[datetime] = at_column()
    state: Mapped[str] = mapped_column(String(8), server_default="pending")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = at_column()
    leased_until: Mapped[datetime | None] = maybe_at_column()
    done_at: Mapped[datetime | None] = maybe_at_column()
    __table_args__ = (
        # An event is stored once; the first body under an id stands, others are kept beside it as conflicts.
        Index("uq_webhook_events_once", "site_id", "source", "event_id", "body_hash", unique=True),
        Index(
            "uq_webhook_events_first",
            "site_id",
            "source",
            "event_id",
            unique=True,
            postgresql_where=state != "conflict",
        ),
        Index("ix_webhook_events_waiting", "site_id", "subject", "position", postgresql_where=state == "pending"),
        Index("ix_webhook_events_received_at", "received_at", postgresql_using="brin"),
    )
