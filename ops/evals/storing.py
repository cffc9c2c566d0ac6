"""Keeps runs in the database, and reads them back as they were."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import EvalResult, EvalRun
from ops.evals.run_form import Run, read_run
from orchestrator.nights import RunNotFound


def store_run(session: Session, run: Run) -> None:
    """Keep `run`, whose site must be one of this database's."""
    kept = run.model_dump(mode="json")
    figures = {"all": kept["figures"], "by_tag": kept["by_tag"]}
    row = EvalRun(
        id=run.id,
        site_id=run.site,
        suite=run.suite,
        state="done",
        setup=kept["setup"],
        figures=figures,
        started_at=run.started_at,
        ended_at=run.started_at + timedelta(seconds=run.seconds),
    )
    session.add(row)
    session.flush()
    session.add_all(
        EvalResult(run_id=run.id, case_id=one.case, repeat=one.repeat, passed=one.passed, result=result)
        for one, result in zip(run.results, kept["results"], strict=True)
    )
    session.flush()


def stored_run(session: Session, run_id: UUID) -> Run:
    """The run, whole. Raises RunNotFound where there is none, or it has not come to its end."""
    row = session.get(EvalRun, run_id)
    if row is None or row.ended_at is None:
        raise RunNotFound
    results = session.scalars(
        select(EvalResult.result).where(EvalResult.run_id == run_id).order_by(EvalResult.repeat, EvalResult.case_id)
    )
    return _run(row, results.all())


def last_runs(session: Session, site_id: str, suite: str, most: int) -> Sequence[Run]:
    """The newest runs of a suite without their results, newest first: enough for a trend."""
    query = select(EvalRun).where(EvalRun.site_id == site_id, EvalRun.suite == suite, EvalRun.state == "done")
    return [_run(row, ()) for row in session.scalars(query.order_by(EvalRun.started_at.desc()).limit(most))]


def _run(row: EvalRun, results: Sequence[object]) -> Run:
    assert row.ended_at is not None
    return read_run(
        {
            "id": row.id,
            "suite": row.suite,
            "site": row.site_id,
            "started_at": row.started_at,
            "seconds": (row.ended_at - row.started_at).total_seconds(),
            "setup": row.setup,
            "figures": row.figures["all"],
            "by_tag": row.figures["by_tag"],
            "results": results,
        }
    )
