"""What is known of data that are no more."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import Json, at_column, id_column, site_column


class Erasure(Base):
    """That data were erased, and what was seen of them since. Counts and ids that name nobody any more: it stays."""

    __tablename__ = "erasures"
    id: Mapped[UUID] = id_column()  # the receipt's
    site_id: Mapped[str] = site_column()
    erased_by: Mapped[str] = mapped_column(String(12))  # visitor, wordpress, staff, operator
    facts: Mapped[Json] = mapped_column(JSONB)  # counts, ids, what was asked away elsewhere, what nobody can reach
    probe: Mapped[Json | None] = mapped_column(
        JSONB(none_as_null=True)
    )  # where it was looked for afterwards, and what was found
    erased_at: Mapped[datetime] = at_column(index=True)
    __table_args__ = (Index("ix_erasures_unprobed", "erased_at", postgresql_where=probe.is_(None)),)
