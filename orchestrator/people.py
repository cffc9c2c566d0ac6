"""Who of the staff acts, and what their role on a site lets them do: looked up at each act, for a role can go."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound, RoleMissing
from core.models import Staff, StaffRole
from core.models.people import EVERY_SITE

OPERATOR = "cli:"  # somebody at the machine's own terminal, who could change the tables as well
LOOKING = frozenset({"agent", "supervisor", "auditor", "admin"})
ANSWERING = frozenset({"agent", "supervisor", "admin"})
STEPPING_IN = frozenset({"supervisor", "admin"})
OWNER_CHARS = 200


@dataclass(frozen=True)
class Person:
    """One of the staff: `name` is what visitors see, `actor` what the audit log keeps.

    `actor` is "ada@shop.example", "slack:U123" or "cli:root".
    """

    staff_id: UUID | None
    name: str
    actor: str

    @property
    def key(self) -> str:
        """What a thread's `owner` says while they have it: the same in Slack, at the desk, under any name."""
        return f"staff:{self.staff_id}" if self.staff_id else self.actor[:OWNER_CHARS]


def operator(name: str) -> Person:
    """Whoever works at the terminal under `name`."""
    return Person(None, name[:OWNER_CHARS], OPERATOR + name)


def roles_on(session: Session, person: Person, site_id: str) -> frozenset[str]:
    """The roles that `person` has there now; none where the account is disabled or gone."""
    if person.staff_id is None:
        return frozenset({"admin"}) if person.actor.startswith(OPERATOR) else frozenset()
    here = (StaffRole.staff_id == person.staff_id) & StaffRole.site_id.in_((site_id, EVERY_SITE))
    query = select(StaffRole.role).join(Staff, Staff.id == StaffRole.staff_id).where(here, Staff.disabled_at.is_(None))
    return frozenset(session.scalars(query))


def check_role(
    session: Session, person: Person, site_id: str, allowed: frozenset[str], unknown: type[NotFound] = NotFound
) -> None:
    """Raises RoleMissing without one of the `allowed` roles, `unknown` without any: another site's business."""
    roles = roles_on(session, person, site_id)
    if not roles:
        raise unknown
    if not roles & allowed:
        raise RoleMissing
