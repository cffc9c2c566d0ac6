"""The nights in the database: what tonight is held against, what is kept of it, what goes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.models import EvalResult, EvalRun
from ops.evals.report.page import Mark, Report, page
from ops.evals.run_form import Figure, Run
from ops.evals.storing import store_run, stored_run

NIGHTS = 7  # that tonight is held against, at most
LOOKED_AT = 60  # for them
TREND = 30  # nights on a page


def before(session: Session, site_id: str, suite: str) -> list[Run]:
    """The nights to hold tonight against, newest first: those without an alarm, back to the last one accepted."""
    chosen: list[UUID] = []
    for row in session.scalars(_done(site_id, suite).limit(LOOKED_AT)):
        verdict = row.verdict or {}
        if not verdict.get("alarming"):
            chosen.append(row.id)
        if verdict.get("accepted_by") or len(chosen) == NIGHTS:
            break
    found = [stored_run(session, id_) for id_ in chosen]
    return [run for run in found if run.results]  # of old ones the figures alone are left


def marks(session: Session, site_id: str, suite: str) -> list[Mark]:
    """The trend, oldest first."""
    rows = session.scalars(_done(site_id, suite).limit(TREND)).all()
    return [_mark(row) for row in reversed(rows)]


def newest(session: Session, site_id: str, suite: str) -> UUID | None:
    """The newest night."""
    row = session.scalars(_done(site_id, suite).limit(1)).first()
    return row.id if row else None


def keep(session: Session, report: Report) -> None:
    """Keep tonight's run with its verdict and its page."""
    store_run(session, report.run)
    told = {"verdict": report.verdict.stored(), "report": page(report)}
    session.execute(update(EvalRun).where(EvalRun.id == report.run.id).values(told))


def keep_failure(session: Session, site_id: str, suite: str, cause: str) -> UUID:
    """Keep that a night came to nothing, and why."""
    now = datetime.now(UTC)
    told = {"state": "failed", "alarming": True, "headline": f"The night came to nothing: {cause}", "why": []}
    row = EvalRun(id=uuid4(), site_id=site_id, suite=suite, state="failed", setup={}, started_at=now, ended_at=now)
    row.verdict = told
    session.add(row)
    session.flush()
    return row.id


def forget_old(session: Session, days: float) -> int:
    """Let the results and pages of old runs go; their figures stay for the trend. Returns how many runs."""
    until = datetime.now(UTC) - timedelta(days=days)
    old = select(EvalRun.id).where(EvalRun.started_at < until)
    session.execute(delete(EvalResult).where(EvalResult.run_id.in_(old)))
    pages = update(EvalRun).where(EvalRun.started_at < until, EvalRun.report != "").values(report="")
    return len(session.scalars(pages.returning(EvalRun.id)).all())


def _done(site_id: str, suite: str) -> Any:
    ours = (EvalRun.site_id == site_id) & (EvalRun.suite == suite)
    night = ours & (EvalRun.state == "done") & EvalRun.verdict.is_not(None)
    return select(EvalRun).where(night).order_by(EvalRun.started_at.desc())


def _mark(row: EvalRun) -> Mark:
    figures = {name: Figure.model_validate(each) for name, each in row.figures["all"].items()}
    return Mark(row.started_at, figures, bool((row.verdict or {}).get("alarming")))
