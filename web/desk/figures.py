"""`/admin/agent/metrics`: the figures of a day, and how everything that an answer needs is doing."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from core.db import reading
from orchestrator.resolution import Resolution
from web.desk.day import figures
from web.desk.entry import Visit, seeing
from web.desk.pages import DeskRoute, page
from web.desk.rights import Right
from web.health import readiness

MEANINGS = {
    Resolution.CONFIRMED: "The visitor said that the last answer helped.",
    Resolution.ASSUMED: "Answered, and the visitor said nothing: it may have helped.",
    Resolution.REOPENED: "The visitor came back about the same thing within three days.",
    Resolution.HANDED_OFF: "A person took it, or a ticket was opened.",
    Resolution.GAVE_UP: "No answer, or one that did not help, and the visitor left.",
}

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


@router.get("/admin/agent/metrics")
def show_figures(
    visit: Annotated[Visit, Depends(seeing(Right.SEE_FIGURES))], day: str = "", site: str = ""
) -> Response:
    """One day, today by default, on one's sites or on one of them."""
    today = datetime.now(UTC).date()
    chosen, problem = _day(day, today)
    with reading() as session:
        found = figures(session, visit.chosen_sites(site), chosen)
    return page(
        visit,
        "figures.html",
        problem=problem,
        found=found,
        day=chosen,
        before=chosen - timedelta(days=1),
        after=chosen + timedelta(days=1) if chosen < today else None,
        site=site,
        sites=visit.sites,
        ready=readiness(),
        meanings=MEANINGS,
        most=max((row.threads for row in found.days), default=0) or 1,
    )


def _day(text: str, today: date) -> tuple[date, str]:
    try:
        found = date.fromisoformat(text) if text else today
    except ValueError:
        return today, "This is no day: write it like 2026-11-22. Here is today."
    return min(max(found, date(2000, 1, 1)), today), ""
