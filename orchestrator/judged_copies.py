"""What the judge has kept of a conversation that became a golden case: it goes before the case does."""

from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.models import EvalCase, EvalResult, EvalRun


def take_away(session: Session, thread_id: UUID) -> int:
    """Delete the results of the thread's cases, and the pages that show them. Returns how many results.

    For whoever deletes the thread, in the same transaction and before it is deleted. Figures stay: they are counts.
    """
    made = EvalCase.thread_id == thread_id
    names = session.execute(select(EvalCase.site_id, EvalCase.case["id"].astext).where(made)).all()
    gone = 0
    for site_id, name in names:
        runs = select(EvalRun.id).where(EvalRun.site_id == site_id)
        theirs = delete(EvalResult).where(EvalResult.case_id == name, EvalResult.run_id.in_(runs))
        shown = session.scalars(theirs.returning(EvalResult.run_id)).all()
        session.execute(update(EvalRun).where(EvalRun.id.in_(shown)).values(report=""))
        gone += len(shown)
    return gone
