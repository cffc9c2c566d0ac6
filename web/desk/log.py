"""`/desk/audit`: who saw and did what, when and from where, on the sites that one may audit."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from core.db import reading
from core.models import AuditEntry
from core.models.people import EVERY_SITE
from web.desk.entry import Visit, seeing
from web.desk.pages import DeskRoute, page
from web.desk.rights import RIGHTS, Right

SHOWN = 100
LONGEST = 400

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


@router.get("/desk/audit")
def show_audit(
    visit: Annotated[Visit, Depends(seeing(Right.AUDIT))],
    *,
    site: str = "",
    actor: str = "",
    action: str = "",
    subject: str = "",
    before: int | None = None,
) -> Response:
    """The log, newest first. What belongs to no site (logins, accounts) is for those who audit all of them."""
    given = {"site": site, "actor": actor.strip()[:LONGEST], "action": action.strip()[:40], "subject": subject.strip()}
    with reading() as session:
        rows = _rows(session, visit, given, before)
    more = rows[SHOWN - 1].id if len(rows) > SHOWN else None
    return page(visit, "audit.html", rows=rows[:SHOWN], given=given, more=more)


def _rows(session: Session, visit: Visit, given: dict[str, str], before: int | None) -> list[AuditEntry]:
    everywhere = visit.login.roles.by_site.get(EVERY_SITE) in RIGHTS[Right.AUDIT]
    mine: ColumnElement[bool] = AuditEntry.site_id.in_(visit.chosen_sites(given["site"]))
    wanted: Select[Any] = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(SHOWN + 1)
    if everywhere and not given["site"]:
        mine = or_(mine, AuditEntry.site_id.is_(None))
    wanted = wanted.where(mine)
    for name in ("actor", "subject"):
        if given[name]:
            wanted = wanted.where(getattr(AuditEntry, name) == given[name])
    if given["action"]:
        wanted = wanted.where(AuditEntry.action.startswith(given["action"], autoescape=True))
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    return list(session.scalars(wanted))
