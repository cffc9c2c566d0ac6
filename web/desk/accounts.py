"""Accounts of the staff: made, found, given roles and passwords, closed."""

import re
from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import BadRequest, Conflict, NotFound
from core.models import Site, Staff, StaffRole, StaffSession
from core.models.people import EVERY_SITE
from web.desk import passwords
from web.desk.rights import ROLES

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")
EMAIL_MAX, NAME_MAX = 320, 80


class StaffNotFound(NotFound):
    """Nobody of the staff has this address: `handrail staff list` shows who there is."""


class RoleUnknown(BadRequest):
    """There is no such role: it is agent, supervisor, auditor or admin."""


class SiteUnknown(BadRequest):
    """There is no such site: `handrail site list` shows which there are; `*` stands for all of them."""


def email_of(given: str) -> str:
    """`given` as an account's address: lower case. Raises BadRequest."""
    email = given.strip().lower()
    if not EMAIL.fullmatch(email) or len(email) > EMAIL_MAX or not email.isprintable():
        raise BadRequest("This is no e-mail address: write it like ada@shop.example.")
    return email


def name_of(given: str) -> str:
    """`given` as the name that visitors see. Raises BadRequest."""
    name = " ".join(given.split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise BadRequest(f"A name has 1 to {NAME_MAX} characters on one line: visitors see it.")
    return name


def find(session: Session, email: str) -> Staff | None:
    """The account with this address, if there is one."""
    return session.scalars(select(Staff).where(Staff.email == email.strip().lower())).one_or_none()


def named(session: Session, email: str) -> Staff:
    """The account with this address. Raises StaffNotFound."""
    found = find(session, email)
    if found is None:
        raise StaffNotFound
    return found


def add(session: Session, email: str, name: str, password: str = "") -> Staff:
    """A new account without a role. Without a password, only single sign-on opens it. Raises Conflict, BadRequest."""
    made = Staff(
        id=uuid4(),
        email=email_of(email),
        name=name_of(name),
        password_hash=passwords.hashed(password) if password else "",
    )
    if find(session, made.email) is not None:
        raise Conflict(f"{made.email} has an account already: give it a role instead.")
    session.add(made)
    session.flush()
    return made


def give_role(session: Session, staff: Staff, site_id: str, role: str) -> None:
    """Give `staff` this role on a site ("*": on all), in place of the one that it has there; "" takes it away.

    Raises RoleUnknown, SiteUnknown.
    """
    if role and role not in ROLES:
        raise RoleUnknown
    if site_id != EVERY_SITE and session.get(Site, site_id) is None:
        raise SiteUnknown
    if not role:
        session.execute(delete(StaffRole).where(StaffRole.staff_id == staff.id, StaffRole.site_id == site_id))
        return
    row = insert(StaffRole).values(staff_id=staff.id, site_id=site_id, role=role)
    session.execute(row.on_conflict_do_update(index_elements=["staff_id", "site_id"], set_={"role": role}))


def set_password(session: Session, staff: Staff, password: str, *, keep: str = "") -> None:
    """Change the password and log every browser out, but for the one whose token hash is `keep`.

    Raises PasswordTooWeak.
    """
    staff.password_hash = passwords.hashed(password)
    log_out_everywhere(session, staff.id, keep=keep)


def disable(session: Session, staff: Staff, *, disabled: bool = True) -> None:
    """Close an account, and log it out everywhere; or open it again."""
    staff.disabled_at = func.now() if disabled else None
    if disabled:
        log_out_everywhere(session, staff.id)


def log_out_everywhere(session: Session, staff_id: UUID, *, keep: str = "") -> None:
    """End all sessions of an account, but for `keep`."""
    session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.token_hash != keep))


def roles_of(session: Session, staff_id: UUID) -> dict[str, str]:
    """Roles by site id."""
    rows = session.execute(select(StaffRole.site_id, StaffRole.role).where(StaffRole.staff_id == staff_id))
    return {site: role for site, role in rows}  # noqa: C416 - rows are no pairs for the type checker


def everybody(session: Session) -> Sequence[tuple[Staff, dict[str, str]]]:
    """All accounts by address, with their roles by site."""
    roles: dict[UUID, dict[str, str]] = {}
    for row in session.scalars(select(StaffRole).order_by(StaffRole.site_id)):
        roles.setdefault(row.staff_id, {})[row.site_id] = row.role
    return [(staff, roles.get(staff.id, {})) for staff in session.scalars(select(Staff).order_by(Staff.email))]
