"""The columns that many tables share, and the names that they are written with."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

Json = dict[str, Any]
Now = func.now()


def id_column() -> Mapped[UUID]:
    """A random key."""
    return mapped_column(primary_key=True, default=uuid4)


def at_column(*, index: bool = False) -> Mapped[datetime]:
    """A moment, by default that of the insert."""
    return mapped_column(DateTime(timezone=True), server_default=Now, index=index)


def maybe_at_column() -> Mapped[datetime | None]:
    """A moment that may not have come."""
    return mapped_column(DateTime(timezone=True))


def site_column() -> Mapped[str]:
    """The site that the row belongs to, and is deleted with."""
    return mapped_column(ForeignKey("sites.id", ondelete="CASCADE"), index=True)
