"""`GET …/events`: a thread's news as server-sent events, resumable, and never silent while Redis is away."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, format_sse_event
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from core import bus
from core.db import reading
from core.errors import HandrailError, ThreadNotFound, TokenExpired
from core.log import get_logger
from core.models import Thread
from orchestrator.tokens import Drawer
from web import auth, limits, look, news, own
from web.chat import PROBLEMS
from web.deps import Calling, parse_id, settings_of
from web.hub import Glance, Heard, Hub, Item

log = get_logger(__name__)

HEARTBEAT_SECONDS = 10.0
LISTENING, STILL_HERE = Heard("comment", "listening"), Heard("comment", "still here")
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
STATES = {"person": "person", "waiting": "calling_person"}  # by the thread's status

STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}

router = APIRouter(prefix="/api/agent", tags=["visitor"], responses=PROBLEMS)


@router.get("/thread/{thread_id}/events", response_class=StreamingResponse, responses=STREAM)
async def events(
    thread_id: str, request: Request, visitor: Calling, last_event_id: Annotated[str | None, Header()] = None
) -> EventSourceResponse:
    """Events `state`, `tool`, `sentence` (provisional), `message`, `done` and `error`; comments keep the line open.

    With `Last-Event-ID` it goes on after that event. Without, it begins with the state, and with what the turn that is
    still open has said so far.
    """
    thread = await run_in_threadpool(_own_thread, request, visitor, thread_id)
    hub: Hub = request.app.state.hub
    hub.check_room(thread)
    stream = Stream(hub, thread, visitor, news.read_event_id(last_event_id))
    return EventSourceResponse(stream.lines(), headers=HEADERS)


def _own_thread(request: Request, visitor: auth.Visitor, thread_id: str) -> UUID:
    limits.count(request, settings_of(request), limits.READ, visitor.visitor_id)
    mine = (Thread.site_id == visitor.site_id, Thread.visitor_id == visitor.visitor_id)
    with reading() as session:
        found = session.scalar(select(Thread.id).where(Thread.id == parse_id(thread_id), *mine))
    if found is None:
        raise ThreadNotFound
    return found


class Stream:
    """One open connection: what it has been told, and when it looks next."""

    def __init__(self, hub: Hub, thread_id: UUID, visitor: auth.Visitor, last_id: str | None) -> None:
        """Nothing is read before `lines`."""
        self.hub, self.thread_id, self.visitor = hub, thread_id, visitor
        self.known = news.Known(last_id)
        self.status, self.turn_open, self.drawer = "", False, Drawer()
        self.ends_at = time.monotonic() + (visitor.expires_at - auth.utc_now()).total_seconds()

    async def lines(self) -> AsyncIterator[bytes]:
        """The body of the answer. What comes together is written together: each write costs the server more."""
        async with self.hub.listener(self.thread_id) as listener:
            begin = await self._begin()
            yield _written([LISTENING, *await self._opened(begin)])  # what is told from here on is not missed
            spoke_at = time.monotonic()
            while not self.hub.closing.is_set():
                now = time.monotonic()
                if now >= self.ends_at:
                    yield _written([news.event("error", error="TokenExpired", detail=TokenExpired().detail)])
                    return
                items = await listener.next(min(spoke_at + HEARTBEAT_SECONDS, self.ends_at) - now)
                told = [heard for item in items for heard in await self._take(item)]
                if not told and time.monotonic() >= spoke_at + HEARTBEAT_SECONDS:
                    told.append(STILL_HERE)
                if told:
                    yield _written(await self._opened(told))
                    spoke_at = time.monotonic()

    async def _opened(self, told: Sequence[Heard]) -> Sequence[Heard]:
        """`told` in the visitor's own words. News carry tokens, so Redis never holds what they stand for."""
        if not any(own.has_tokens(heard) for heard in told):
            return told
        if not all(own.opens(self.drawer, heard) for heard in told):
            try:
                self.drawer = await run_in_threadpool(own.drawer_of, self.thread_id)
            except SQLAlchemyError as error:  # then they stay closed until the page is loaded anew
                log.warning("tokens_not_read", cause=repr(error))
        return [own.opened(self.drawer, heard) for heard in told]

    async def _take(self, item: Item) -> Sequence[Heard]:
        """What one piece of news adds to what this listener has been told."""
        match item:
            case Heard():
                return (item,) if self.known.is_new(item) else ()
            case Glance():
                behind = item.status != self.status or look.adds_to(item, self.known)
                return await self._look(look.look) if behind else ()
            case _:
                rows = await self._rows() if self.hub.up else []
                told = news.after(rows, self.known.last_id or "0-0") or ()
                return [*(heard for heard in told if self.known.is_new(heard)), *await self._look(look.look)]

    async def _begin(self) -> list[Heard]:
        rows, last_id = await self._rows(), self.known.last_id
        news.note_told(self.known, rows)
        found = await self._look(look.first_look, last_id)
        missed = news.after(rows, last_id) if last_id else None
        if missed is not None:
            return [*(heard for heard in missed if self.known.is_new(heard)), *found]
        told = news.still_open(rows) if self.turn_open else []
        self.known.last_id = rows[-1][0] if rows else None
        return [*self._state(told), *(heard for heard in told if self.known.note(heard)), *found]

    def _state(self, told: list[Heard]) -> list[Heard]:
        """The state to begin with, where what is told has none."""
        state = STATES.get(self.status) or ("thinking" if self.turn_open else None)
        return [news.event("state", state=state)] if state and not any(item.kind == "state" for item in told) else []

    async def _rows(self) -> list[news.Row]:
        try:
            found: Any = await self.hub.redis.xrange(bus.stream_key(self.thread_id))
            return [(id_, row | {"data": bus.unpacked(self.thread_id, row["data"])}) for id_, row in found]
        except (RedisError, OSError, HandrailError) as error:
            log.warning("news_not_read", cause=repr(error))
            return []

    async def _look(self, ask: Callable[..., look.Look], *arguments: object) -> list[Heard]:
        try:
            found = await run_in_threadpool(ask, self.thread_id, self.known, *arguments)
        except SQLAlchemyError as error:
            log.warning("thread_not_read", cause=repr(error))
            return []
        before, self.status = self.status, found.glance.status
        self.turn_open = found.glance.turn_open
        changed = before not in {"", self.status} and self.status in STATES
        return [news.event("state", state=STATES[self.status]), *found.heard] if changed else list(found.heard)


def _written(told: Sequence[Heard]) -> bytes:
    return b"".join(
        format_sse_event(comment=heard.data)
        if heard.kind == "comment"
        else format_sse_event(event=heard.kind, data_str=heard.data, id=heard.id)
        for heard in told
    )
