"""What judges the agent: cases made of conversations, and what came of each run."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import Json, at_column, id_column, maybe_at_column, site_column
from core.models.sealed import SealedJson
from core.sealing import places


class EvalCase(Base):
    """A golden case that was made of a conversation, without what is personal. It goes when its conversation goes."""

    __tablename__ = "eval_cases"
    id: Mapped[UUID] = id_column()
    site_id: Mapped[str] = site_column()
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), unique=True)
    case: Mapped[Json] = mapped_column(SealedJson(places.CASE))  # as in a golden set's file
    made_by: Mapped[str] = mapped_column(String(400))
    created_at: Mapped[datetime] = at_column()


class EvalRun(Base):
    """One run of golden cases. `state`: running, done, failed. `figures` and `setup` as in its JSON report."""

    __tablename__ = "eval_runs"
    id: Mapped[UUID] = id_column()
    site_id: Mapped[str] = site_column()
    suite: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(8), server_default="running")
    setup: Mapped[Json] = mapped_column(
        JSONB
    )  # brain, models, hashes of prompts and settings, version of the knowledge
    figures: Mapped[Json] = mapped_column(JSONB, server_default="{}")
    started_at: Mapped[datetime] = at_column()
    ended_at: Mapped[datetime | None] = maybe_at_column()
    verdict: Mapped[Json | None] = mapped_column(JSONB)  # of a night: what is worse than before; None: no night
    report: Mapped[str] = mapped_column(Text, server_default="", deferred=True)  # its page, as people read it
    __table_args__ = (Index(None, "site_id", "suite", "started_at"),)


class EvalResult(Base):
    """What came of one case in one run; `repeat` counts from 0. Nothing of it is a visitor's."""

    __tablename__ = "eval_results"
    run_id: Mapped[UUID] = mapped_column(ForeignKey("eval_runs.id", ondelete="CASCADE"), primary_key=True)
    case_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    repeat: Mapped[int] = mapped_column(primary_key=True)
    passed: Mapped[bool]
    result: Mapped[Json] = mapped_column(JSONB)
