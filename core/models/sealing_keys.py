"""Which keys texts were sealed with: their names and proofs, never a key."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from core.models.columns import at_column, maybe_at_column


class SealingKey(Base):
    """One key that something was sealed with. `proof` tells it from another one of the same name."""

    __tablename__ = "sealing_keys"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    proof: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = at_column()
    given_up_at: Mapped[datetime | None] = maybe_at_column()  # it is lost, and what it sealed with it
