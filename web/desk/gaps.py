"""`/admin/agent/gaps`: what visitors ask and nothing answers; and answers that become cases for the judge."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import Response

from core.db import transaction
from core.errors import MessageNotFound
from core.models import Message
from orchestrator.gaps import gaps
from orchestrator.made_cases import Wanted, make_case
from web.desk.entry import Visit, acting, id_of, seeing
from web.desk.pages import DeskRoute, go, page
from web.desk.rights import Right

DAYS = (7, 30, 90)
LONGEST = 500  # characters of one thing that an answer must have
MOST = 10

router = APIRouter(route_class=DeskRoute, include_in_schema=False)

Words = Annotated[str, Form(max_length=LONGEST * MOST)]


@router.get("/admin/agent/gaps")
def show_gaps(
    visit: Annotated[Visit, Depends(seeing(Right.SEE_FIGURES))],
    site: str = "",
    days: Annotated[int, Query(ge=1, le=365)] = 30,
) -> Response:
    """The gaps of one's sites, those of most people first."""
    with transaction() as session:
        found = [(each, gap) for each in visit.chosen_sites(site) for gap in gaps(session, each, days)]
        visit.note(session, "gaps.read", "", site or None, days=days, found=len(found))
    found.sort(key=lambda pair: (-pair[1].people, -pair[1].times))
    return page(visit, "gaps.html", found=found, sites=visit.sites, site=site, days=days, choices=DAYS)


@router.post("/desk/messages/{message_id}/case")
def make(
    visit: Annotated[Visit, Depends(acting(Right.ANSWER))],
    message_id: str,
    must: Words = "",
    sources: Words = "",
    outcome: Annotated[str, Form(max_length=16)] = "",
) -> Response:
    """Have the judge ask this again each night."""
    with transaction() as session:
        message = session.get(Message, id_of(message_id, MessageNotFound))
        if message is None:
            raise MessageNotFound
        thread = visit.thread(session, str(message.thread_id))
        wanted = Wanted(must=_lines(must), sources=_lines(sources), outcome=outcome)
        made = make_case(session, message.id, visit.person, wanted)
        visit.note(session, "case.made", f"thread:{thread.id}", thread.site_id, case=made.case["id"])
    return go(f"/desk/threads/{thread.id}", done="case")


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip()[:LONGEST] for line in text.splitlines() if line.strip())[:MOST]
