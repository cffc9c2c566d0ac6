"""What happens: turns and their journal, what models and tools were asked, and the clocks around them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Index, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import Json, at_column, id_column, maybe_at_column, site_column
from core.models.sealed import SealedJson, SealedList
from core.sealing import places

REVIEWS = "event ->> 'type' IN ('DraftApproved', 'DraftRefused')"


class Turn(Base):
    """One run of the state machine. Its truth is `turn_events`; this row is the newest state."""

    __tablename__ = "turns"
    id: Mapped[UUID] = id_column()
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    site_id: Mapped[str] = site_column()
    phase: Mapped[str] = mapped_column(String(16))
    state: Mapped[Json] = mapped_column(SealedJson(places.STATE))
    pending: Mapped[Json | None] = mapped_column(SealedJson(places.PENDING))  # the effect that is to be performed next
    seq: Mapped[int] = mapped_column(default=0)  # events recorded so far
    outcome: Mapped[str | None] = mapped_column(String(16))  # answered, abstained, handed_off, ticketed, failed
    settings_hash: Mapped[str] = mapped_column(String(16))
    request_id: Mapped[str] = mapped_column(String(64), server_default="")  # of the request that opened it
    fence: Mapped[int] = mapped_column(default=0)  # grows with each claim; a stale holder can't write
    leased_until: Mapped[datetime | None] = maybe_at_column()
    leased_by: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = at_column(index=True)
    rung_at: Mapped[datetime | None] = maybe_at_column()  # when a sweep last rang for it
    due_at: Mapped[datetime | None] = maybe_at_column()  # when this run degrades; set at each claim
    deadline_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))  # when it ends, whatever happens
    ended_at: Mapped[datetime | None] = maybe_at_column()
    __table_args__ = (
        Index(None, "thread_id", "created_at"),
        Index("uq_turns_open", "thread_id", unique=True, postgresql_where=ended_at.is_(None)),
        Index("ix_turns_pending", "leased_until", postgresql_where=ended_at.is_(None)),
    )


class TurnEvent(Base):
    """One fact in a turn's journal, with the effects that `step` answered to it. Never updated."""

    __tablename__ = "turn_events"
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]  # of the form in which it is written
    event: Mapped[Json] = mapped_column(SealedJson(places.EVENT))
    effects: Mapped[list[Json]] = mapped_column(SealedList(places.EFFECTS))
    recorded_at: Mapped[datetime] = at_column()
    __table_args__ = (
        # The few that `orchestrator.edits` looks for among the many.
        Index("ix_turn_events_reviews", "recorded_at", postgresql_where=text(REVIEWS)),
    )


class ModelCall(Base):
    """One question to a model: as it was asked, what came back, and what it cost. Held money is reserved for it."""

    __tablename__ = "model_calls"
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)  # of the effect that asked
    fence: Mapped[int] = mapped_column(primary_key=True)  # of the lease under which it was asked
    site_id: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(120))
    request: Mapped[Json] = mapped_column(SealedJson(places.REQUEST))
    reply: Mapped[Json | None] = mapped_column(SealedJson(places.REPLY))
    fault: Mapped[str] = mapped_column(Text, server_default="")  # why there is no reply
    input_tokens: Mapped[int] = mapped_column(server_default="0")
    output_tokens: Mapped[int] = mapped_column(server_default="0")
    estimated: Mapped[bool] = mapped_column(server_default="false")
    held_micro: Mapped[int] = mapped_column(BigInteger, server_default="0")  # millionths of a dollar
    cost_micro: Mapped[int] = mapped_column(BigInteger, server_default="0")
    asked_at: Mapped[datetime] = at_column()
    settled_at: Mapped[datetime | None] = maybe_at_column()
    __table_args__ = (Index("ix_model_calls_open", "turn_id", postgresql_where=settled_at.is_(None)),)


class EvidenceRecord(Base):
    """What one answer rests on, as it was when it was given. Ids, hashes and places, no words of a visitor."""

    __tablename__ = "evidence"
    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), index=True)
    documents: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))  # that it cites
    record: Mapped[Json] = mapped_column(JSONB)
    signature: Mapped[str] = mapped_column(String(64))  # HMAC-SHA256, hex, of the record
    created_at: Mapped[datetime] = at_column()
    __table_args__ = (Index(None, "documents", postgresql_using="gin"),)


class Spend(Base):
    """What one scope (a site, or all of them) spends on one day (UTC), in millionths of a dollar."""

    __tablename__ = "spend"
    scope: Mapped[str] = mapped_column(String(80), primary_key=True)  # "all" or "site:ID"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    held_micro: Mapped[int] = mapped_column(BigInteger, server_default="0")
    spent_micro: Mapped[int] = mapped_column(BigInteger, server_default="0")


class ToolRun(Base):
    """A writing tool's intent, recorded before it acts, and its result after. `key` makes it happen once."""

    __tablename__ = "tool_runs"
    key: Mapped[str] = mapped_column(String(120), primary_key=True)  # turn:call
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), index=True)
    tool: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[Json] = mapped_column(SealedJson(places.ARGUMENTS))
    status: Mapped[str] = mapped_column(String(16), default="intended")  # intended, done, failed
    output: Mapped[Json | None] = mapped_column(SealedJson(places.OUTPUT))
    created_at: Mapped[datetime] = at_column()
    ended_at: Mapped[datetime | None] = maybe_at_column()
    __table_args__ = (Index("ix_tool_runs_intended", "created_at", postgresql_where=status == "intended"),)


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
    seen_at: Mapped[datetime] = at_column()
