"""`/desk`: who waits, whom one has, and whom colleagues have; live."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select

from core.db import reading
from core.models import Site
from web.desk.entry import Visit, seeing
from web.desk.pages import DeskRoute, page
from web.desk.rights import Right
from web.desk.waiting import queue

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


@router.get("/desk")
def show_queue(visit: Annotated[Visit, Depends(seeing(Right.READ))], site: str = "") -> Response:
    """The queue of all one's sites, or of one."""
    with reading() as session:
        found = queue(session, visit.settings, visit.chosen_sites(site), visit.person.key)
        mute = select(Site.name, Site.slack_fault).where(Site.id.in_(visit.sites), Site.slack_fault != "")
        silent = session.execute(mute.order_by(Site.name)).all()
    return page(visit, "queue.html", queue=found, site=site, silent=silent)
