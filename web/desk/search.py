"""`/desk/search`: conversations by words and filters, on one's sites alone."""

from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Handoff
from web.desk.entry import Visit, seeing
from web.desk.finding import SHOWN, WORDS_MAX, Wanted, find
from web.desk.pages import DeskRoute, go, page
from web.desk.rights import Right
from web.desk.words import THREAD_STATES

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


@router.get("/desk/search")
def search(
    visit: Annotated[Visit, Depends(seeing(Right.READ))],
    *,
    q: str = "",
    site: str = "",
    status: str = "",
    channel: str = "",
    language: str = "",
    email: str = "",
    mine: str = "",
    since: str = "",
    until: str = "",
) -> Response:
    """Search; a number or an id leads to its conversation at once."""
    words = q.strip().replace("\x00", "")[:WORDS_MAX]
    days, fault = _days(since, until)
    wanted = Wanted(
        words=words,
        site=site,
        status=status if status in THREAD_STATES else "",
        channel=channel[:32],
        language=language[:8].lower(),
        email=email.strip().lower()[:320],
        owner=visit.person.key if mine else "",
        since=days[0],
        until=days[1],
    )
    given = {"q": words, "site": site, "status": wanted.status, "channel": channel, "language": language}
    given |= {"email": email, "mine": mine, "since": since, "until": until}
    with transaction() as session:
        sites = visit.chosen_sites(site)
        if (there := _directly(session, sites, words)) is not None:
            return go(f"/desk/threads/{there}")
        asked = any(given.values())
        rows = find(session, sites, wanted) if not fault else ()
        if asked and not fault:  # what was searched for is not kept: it may be a visitor's name
            fields = sorted(name for name, value in given.items() if value)
            visit.note(session, "threads.searched", "", site or None, by=fields, found=len(rows))
    return page(
        visit,
        "search.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
        problem=fault,
        rows=rows,
        given=given,
        asked=asked,
        most=SHOWN,
    )


def _days(since: str, until: str) -> tuple[tuple[date | None, date | None], str]:
    try:
        return (_day(since), _day(until)), ""
    except ValueError:
        return (None, None), "This is no day: write it like 2026-11-22."


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _directly(session: Session, sites: tuple[str, ...], words: str) -> UUID | None:
    """The conversation of "#42", the number of a handoff, if it is on one of these sites."""
    number = words.removeprefix("#")
    if not words.startswith("#") or not number.isdecimal() or len(number) > 15:  # noqa: PLR2004 - a bigint's digits
        return None
    wanted = select(Handoff.thread_id).where(Handoff.number == int(number), Handoff.site_id.in_(sites))
    return session.scalar(wanted)
