"""`/admin/agent/evals`: the nights of the judge, and their reports."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from core.db import reading, transaction
from core.errors import HandrailError, RoleMissing
from core.models import EvalRun
from orchestrator import nights
from orchestrator.nights import RunNotFound
from web.deps import address
from web.desk.entry import Visit, acting, id_of, seeing
from web.desk.pages import DeskRoute, go, page
from web.desk.rights import Right

SHOWN = 60
# A page of its own: no script, no request, and only the sheet that stands in it. Its own policy narrows that further.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'; base-uri 'none'"

router = APIRouter(route_class=DeskRoute, include_in_schema=False)

Seeing = Annotated[Visit, Depends(seeing(Right.SEE_FIGURES))]


class ReportGone(HandrailError):
    """This report is not kept any more: it is old, or showed a conversation that was deleted since."""

    status = 410


@router.get("/admin/agent/evals")
def list_runs(visit: Seeing, site: str = "", suite: str = "") -> Response:
    """The newest runs on one's sites, nights and those that somebody asked for."""
    with reading() as session:
        rows = _rows(session, visit, site, suite)
        kept = select(EvalRun.id).where(EvalRun.id.in_([row.id for row in rows]), EvalRun.report != "")
        with_page = set(session.scalars(kept))
    return page(visit, "evals.html", rows=rows, with_page=with_page, site=site, suite=suite, sites=visit.sites)


@router.get("/admin/agent/evals/{run_id}")
def show_report(visit: Seeing, run_id: str) -> Response:
    """A night's page, as it was written that night."""
    with transaction() as session:
        row = session.get(EvalRun, id_of(run_id, RunNotFound), options=[undefer(EvalRun.report)])
        if row is None or not visit.may(Right.SEE_FIGURES, row.site_id):
            raise RunNotFound
        if not row.report:
            raise ReportGone
        visit.note(session, "report.seen", f"run:{row.id}", row.site_id)
        html = row.report
    return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})


@router.post("/admin/agent/evals/{run_id}/accept")
def accept(visit: Annotated[Visit, Depends(acting(Right.ACCEPT))], run_id: str) -> Response:
    """Take a night as the new usual."""
    with transaction() as session:
        row = session.get(EvalRun, id_of(run_id, RunNotFound))
        if row is None or not visit.may(Right.READ, row.site_id):
            raise RunNotFound
        if not visit.may(Right.ACCEPT, row.site_id):
            raise RoleMissing
        nights.accept(session, row.id, visit.person, address=address(visit.request))
    return go("/admin/agent/evals", done="accepted")


def _rows(session: Session, visit: Visit, site: str, suite: str) -> list[EvalRun]:
    wanted = select(EvalRun).where(EvalRun.site_id.in_(visit.chosen_sites(site)))
    if suite:
        wanted = wanted.where(EvalRun.suite == suite)
    return list(session.scalars(wanted.order_by(EvalRun.started_at.desc(), EvalRun.id).limit(SHOWN)))
