"""The audit log: who of the staff looked at what, or did what, when and from where. Rows are added, never changed."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from core.models import AuditEntry

ACTION_MAX, SUBJECT_MAX, ADDRESS_MAX = 40, 120, 64


class Actor(Protocol):
    """Who did it: a `Person`, or whoever can be named as one."""

    @property
    def staff_id(self) -> UUID | None:
        """The account, where there is one."""
        ...

    @property
    def actor(self) -> str:
        """The name under which the log keeps them: "ada@shop.example", "slack:U123", "cli:root"."""
        ...


def note(
    session: Session,
    person: Actor,
    action: str,
    subject: str,
    site_id: str | None,
    *,
    details: Mapping[str, Any] | None = None,
    address: str = "",
) -> None:
    """Add a line, in the same transaction as what it tells of: what is not committed was not done.

    `action` is "thing.verb" ("thread.read", "handoff.claimed"), `subject` names the thing ("thread:ID"), `site_id` is
    None for what belongs to no site. `details` are ids and settings: never what a visitor wrote.
    """
    session.add(
        AuditEntry(
            actor=person.actor[:400],
            staff_id=person.staff_id,
            site_id=site_id,
            action=action[:ACTION_MAX],
            subject=subject[:SUBJECT_MAX],
            details=dict(details or {}),
            address=address[:ADDRESS_MAX],
        )
    )
