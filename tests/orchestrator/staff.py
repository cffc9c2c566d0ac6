"""Staff for tests, with accounts and roles as the desk makes them."""

from uuid import uuid4

from core import db
from core.models import Staff, StaffRole
from orchestrator.people import Person
from tests.conftest import SITE


def hire(name: str, role: str = "agent", site_id: str = SITE) -> Person:
    """Somebody with one role on one site. Several may have one name."""
    person = Person(uuid4(), name, f"{name.lower()}.{uuid4().hex[:6]}@example.com")
    with db.transaction() as session:
        session.add(Staff(id=person.staff_id, email=person.actor, name=name))
        session.flush()
        session.add(StaffRole(staff_id=person.staff_id, site_id=site_id, role=role))
    return person
