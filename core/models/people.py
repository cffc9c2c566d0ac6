"""The staff: their accounts and roles, what they note, what they looked at and did, and where Slack shows it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import Json, at_column, id_column, maybe_at_column, site_column
from core.models.sealed import SealedText
from core.sealing import places

EVERY_SITE = "*"


class Staff(Base):
    """One person who answers visitors, or looks after those who do."""

    __tablename__ = "staff"
    id: Mapped[UUID] = id_column()
    email: Mapped[str] = mapped_column(String(320), unique=True)  # lower case
    name: Mapped[str] = mapped_column(String(200))  # as visitors see it
    password_hash: Mapped[str] = mapped_column(Text, server_default="")  # argon2id; empty: no password opens it
    oidc_subject: Mapped[str | None] = mapped_column(String(255), unique=True)  # "issuer subject"
    slack_user: Mapped[str | None] = mapped_column(String(40), unique=True)  # found by e-mail, then kept
    disabled_at: Mapped[datetime | None] = maybe_at_column()
    created_at: Mapped[datetime] = at_column()


class StaffRole(Base):
    """What one person may do on one site ("*": on all): agent, supervisor, auditor or admin."""

    __tablename__ = "staff_roles"
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    site_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(12))


class StaffSession(Base):
    """A browser in which somebody of the staff is logged in."""

    __tablename__ = "staff_sessions"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256, hex, of the cookie
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = at_column()
    seen_at: Mapped[datetime] = at_column()
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    address: Mapped[str] = mapped_column(String(64), server_default="")
    browser: Mapped[str] = mapped_column(String(200), server_default="")


class AuditEntry(Base):
    """Somebody of the staff looked at something, or did it. Never updated; nothing that a visitor wrote stands here."""

    __tablename__ = "audit_log"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = at_column()
    actor: Mapped[str] = mapped_column(String(400))  # "ada@shop.example", "slack:U123", "cli:root"
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    site_id: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(40))  # "thread.read", "handoff.claimed", "login.failed"
    subject: Mapped[str] = mapped_column(String(120), server_default="")  # "thread:0b9f…"
    details: Mapped[Json] = mapped_column(JSONB, server_default="{}")
    address: Mapped[str] = mapped_column(String(64), server_default="")
    __table_args__ = (Index(None, "site_id", "id"), Index(None, "subject", "id"), Index(None, "actor", "id"))


class Note(Base):
    """What staff tell each other about a thread. No visitor ever sees it."""

    __tablename__ = "notes"
    id: Mapped[UUID] = id_column()
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    author: Mapped[str] = mapped_column(String(400))
    content: Mapped[str] = mapped_column(SealedText(places.NOTE))
    source: Mapped[str] = mapped_column(String(8))  # desk, slack, cli
    source_id: Mapped[str | None] = mapped_column(String(120), unique=True)  # "slack:CHANNEL:TS": kept once
    created_at: Mapped[datetime] = at_column()
    edited_at: Mapped[datetime | None] = maybe_at_column()
    deleted_at: Mapped[datetime | None] = maybe_at_column()
    __table_args__ = (Index(None, "thread_id", "created_at"),)


class SlackPost(Base):
    """A message that stands in Slack, and what it shows: to answer below it, to change it, to take it away."""

    __tablename__ = "slack_posts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)  # of the outbox row that posted it
    site_id: Mapped[str] = site_column()
    thread_id: Mapped[UUID | None] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    handoff_id: Mapped[UUID | None] = mapped_column(ForeignKey("handoffs.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(
        String(16)
    )  # handoff (the thread's head), message, reminder, draft, answer, alarm
    channel: Mapped[str] = mapped_column(String(40))
    ts: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = at_column()
    __table_args__ = (UniqueConstraint("channel", "ts"),)
