"""`/desk/live`: what happens on one's sites, as server-sent events; the page that hears it asks for itself anew."""

import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, format_sse_event
from sqlalchemy.exc import SQLAlchemyError

from core.db import reading
from core.errors import TooManyRequests
from web.desk import sessions
from web.desk.ear import LOOK, Ear
from web.desk.entry import Visit, cookie_of, seeing
from web.desk.pages import DeskRoute
from web.desk.rights import Right

HEARTBEAT_S = 10.0
LOOK_S = 4.0  # while Redis is away
CHECK_S = 15.0  # how long a role that was taken may still hear that something happened
MOST = 500  # pages of one process

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


@router.get("/desk/live", response_class=StreamingResponse)
async def listen(visit: Annotated[Visit, Depends(seeing(Right.READ))]) -> EventSourceResponse:
    """Events `changed` with a kind and a conversation's id, and `ended` when the login is over."""
    ear: Ear = visit.request.app.state.ear
    if ear.listening >= MOST:
        raise TooManyRequests("Too many pages are open: this one does not renew itself.", retry_after_s=60)
    return EventSourceResponse(lines(ear, visit), headers={"X-Accel-Buffering": "no"})


async def lines(ear: Ear, visit: Visit, check_s: float = CHECK_S) -> AsyncIterator[bytes]:
    """The body of the answer; every `check_s` seconds it looks whether the login still has these sites."""
    sites = frozenset(visit.sites)
    async with ear.listener(sites) as listener:
        yield format_sse_event(comment="listening")
        spoke_at = checked_at = time.monotonic()
        while not ear.closing.is_set():
            told = await listener.next(HEARTBEAT_S if ear.up else LOOK_S)
            if ear.closing.is_set():
                return
            now = time.monotonic()
            if now >= checked_at + check_s:
                checked_at = now
                if await run_in_threadpool(_sites, visit) != sites:
                    yield format_sse_event(event="ended", data_str="{}")
                    return
            if not told and not ear.up:
                told = [LOOK]
            if told:
                yield b"".join(format_sse_event(event="changed", data_str=one) for one in told)
                spoke_at = now
            elif now >= spoke_at + HEARTBEAT_S:
                yield format_sse_event(comment="still here")
                spoke_at = now


def _sites(visit: Visit) -> frozenset[str]:
    """The sites of this login as they are now; none where it has ended."""
    try:
        with reading() as session:
            found = sessions.find(session, visit.settings, cookie_of(visit.request), seen=False)
    except SQLAlchemyError:  # a page goes on listening while the database is away
        return frozenset(visit.sites)
    return frozenset(found.roles.sites(Right.READ)) if found else frozenset()
