"""A night of the judge's, as people decide about it: accepted, it is what later nights are held against."""

from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import BadRequest, NotFound
from core.models import EvalRun
from orchestrator import audit
from orchestrator.people import Person


class RunNotFound(NotFound):
    """There is no such run: the desk's page Evaluations lists them, and each report ends with its id."""


class NoNight(BadRequest):
    """This run was not a night's, or did not come to its end: only a night that was judged can be accepted."""


def accept(session: Session, run_id: UUID, person: Person, *, address: str = "") -> EvalRun:
    """Take this night as the new usual: its alarm ends, and the next nights are held against it. Twice is once.

    Raises RunNotFound, NoNight.
    """
    row = session.get(EvalRun, run_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise RunNotFound
    if row.verdict is None or row.state != "done":
        raise NoNight
    if not row.verdict.get("accepted_by"):
        row.verdict = row.verdict | {"accepted_by": person.name, "alarming": False}
        details = {"suite": row.suite}
        audit.note(session, person, "night.accepted", f"run:{row.id}", row.site_id, details=details, address=address)
    return row
