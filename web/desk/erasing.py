"""`/desk/threads/{id}/erase`: a conversation goes, or all that is known of its visitor. For supervisors and admins."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db import reading, transaction
from core.errors import BadRequest, HandrailError
from core.models import Thread, Visitor
from orchestrator import erasing
from web.deps import address
from web.desk.entry import Visit, acting, seeing
from web.desk.pages import DeskRoute, go, page
from web.desk.rights import Right

WHICH = ("thread", "visitor")
WORD = "erase"  # to be typed: what is done here can't be undone

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


class NotConfirmed(BadRequest):
    """Nothing was erased: type `erase` into the field to say that you mean it."""


class NothingChosen(BadRequest):
    """Nothing was erased: choose whether this conversation goes, or everything of its visitor."""


@router.get("/desk/threads/{thread_id}/erase")
def ask(visit: Annotated[Visit, Depends(seeing(Right.ERASE))], thread_id: str) -> Response:
    """What would go."""
    return _ask(visit, thread_id)


@router.post("/desk/threads/{thread_id}/erase")
def erase(
    visit: Annotated[Visit, Depends(acting(Right.ERASE))],
    thread_id: str,
    which: Annotated[str, Form()] = "",
    word: Annotated[str, Form()] = "",
) -> Response:
    """Erase it; the receipt is what is left."""
    try:
        if which not in WHICH:
            raise NothingChosen
        if word.strip().lower() != WORD:
            raise NotConfirmed
    except HandrailError as error:
        return _ask(visit, thread_id, error, which)
    with transaction() as session:
        thread = visit.thread(session, thread_id)
        person, place, site = visit.person, address(visit.request), thread.site_id
        if which == "visitor":
            id_, _ = erasing.erase(session, site, thread.visitor_id, actor=person, address=place)
        else:
            id_, _ = erasing.erase_conversation(session, site, thread.id, actor=person, address=place)
    return go(f"/desk/privacy/receipts/{id_}", done="erased")


def _ask(visit: Visit, thread_id: str, error: HandrailError | None = None, which: str = "") -> Response:
    with reading() as session:
        thread = visit.thread(session, thread_id)
        visitor = session.get_one(Visitor, thread.visitor_id)
        others = _others(session, thread)
    return page(
        visit,
        "erase.html",
        status=error.status if error else 200,
        problem=error.detail if error else "",
        thread=thread,
        visitor=visitor,
        others=others,
        which=which,
        word=WORD,
    )


def _others(session: Session, thread: Thread) -> int:
    mine = select(func.count()).where(Thread.visitor_id == thread.visitor_id, Thread.id != thread.id)
    return session.scalar(mine) or 0
