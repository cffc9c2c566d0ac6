"""`GET …/events`: a thread's news as server-sent events, resumable, and never silent while Redis is away."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, format_sse_event
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from core import bus
from core.db import transaction
from core.errors import TokenExpired
from core.log import get_logger
from web import auth, news
from web.chat import PROBLEMS
from web.deps import Calling, own_thread
from web.hub import Heard, Hub, Listener, Missed

log = get_logger(__name__)

HEARTBEAT_SECONDS = 10.0
LOOK_SECONDS = 1.0  # how often the database is asked while no news reach us
SAFE_LOOK_SECONDS = 4.0  # and while they do: a worker may be cut off from Redis when we are not

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
    thread = await run_in_threadpool(_own_thread, visitor, thread_id)
    hub: Hub = request.app.state.hub
    hub.check_room(thread)
    stream = Stream(hub, thread, visitor, news.read_event_id(last_event_id))
    return EventSourceResponse(stream.lines(), headers=HEADERS)


def _own_thread(visitor: auth.Visitor, thread_id: str) -> UUID:
    with transaction() as session:
        return own_thread(session, visitor, thread_id).id


class Stream:
    """One open connection: what it has been told, and when it looks next."""

    def __init__(self, hub: Hub, thread_id: UUID, visitor: auth.Visitor, last_id: str | None) -> None:
        """Nothing is read before `lines`."""
        self.hub, self.thread_id, self.visitor = hub, thread_id, visitor
        self.known = news.Known(last_id)
        self.status, self.turn_open = "bot", False
        self.looked_at = self.spoke_at = 0.0

    async def lines(self) -> AsyncIterator[bytes]:
        """The body of the answer."""
        async with self.hub.listener(self.thread_id) as listener:
            async for heard in self._tell(listener):
                self.spoke_at = time.monotonic()
                if heard.kind == "comment":
                    yield format_sse_event(comment=heard.data)
                else:
                    yield format_sse_event(event=heard.kind, data_str=heard.data, id=heard.id)

    async def _tell(self, listener: Listener) -> AsyncIterator[Heard]:
        begin = await self._begin()
        yield Heard("comment", "listening")  # what is told from here on is not missed
        for heard in begin:
            yield heard
        while not self.hub.closing.is_set():
            if self.visitor.expires_at <= auth.utc_now():
                yield news.event("error", error="TokenExpired", detail=TokenExpired().detail)
                return
            item = await listener.next(self._patience())
            if isinstance(item, Heard):
                if self.known.is_new(item):
                    yield item
                continue
            for heard in await self._catch_up(missed=isinstance(item, Missed)):
                yield heard

    def _patience(self) -> float:
        """Seconds until there is something to do even without news."""
        now = time.monotonic()
        look = self.looked_at + (SAFE_LOOK_SECONDS if self.hub.up else LOOK_SECONDS)
        expiry = (self.visitor.expires_at - auth.utc_now()).total_seconds()
        return max(0.0, min(look - now, self.spoke_at + HEARTBEAT_SECONDS - now, expiry))

    async def _begin(self) -> list[Heard]:
        rows, last_id = await self._rows(), self.known.last_id
        news.note_told(self.known, rows)
        found = await self._look(news.first_look, last_id)
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

    async def _catch_up(self, *, missed: bool) -> list[Heard]:
        """After an interruption, or when it is time to look: what Redis and the database know beyond what was told."""
        rows = await self._rows() if missed and self.hub.up else []
        told = [item for item in (news.after(rows, self.known.last_id or "0-0") or ()) if self.known.is_new(item)]
        now = time.monotonic()
        if missed or now >= self.looked_at + (SAFE_LOOK_SECONDS if self.hub.up else LOOK_SECONDS):
            told += await self._look()
        if not told and now >= self.spoke_at + HEARTBEAT_SECONDS:
            told.append(Heard("comment", "still here"))
        return told

    async def _rows(self) -> list[news.Row]:
        try:
            found: Any = await self.hub.redis.xrange(bus.stream_key(self.thread_id))
        except (RedisError, OSError) as error:
            log.warning("news_not_read", cause=repr(error))
            return []
        return list(found)

    async def _look(self, ask: Callable[..., news.Look] = news.look, *arguments: object) -> list[Heard]:
        self.looked_at, first = time.monotonic(), self.looked_at == 0
        try:
            found = await run_in_threadpool(ask, self.thread_id, self.known, *arguments)
        except SQLAlchemyError as error:
            log.warning("thread_not_read", cause=repr(error))
            return []
        changed = found.status != self.status and found.status in STATES and not first
        self.status, self.turn_open = found.status, found.turn_open
        return [news.event("state", state=STATES[found.status]), *found.heard] if changed else list(found.heard)
