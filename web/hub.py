"""The ear of this process: one Redis connection that hears the news of every thread somebody listens to.

A listener is told in the order in which the news came. When the connection breaks, every listener is told `Missed`:
it then looks for itself, in the Redis stream and in the database. And every few seconds one question to the database
tells all listeners how their threads stand, because a worker may be cut off from Redis when we are not.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import redis.asyncio
from fastapi.concurrency import run_in_threadpool
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from core import bus
from core.errors import HandrailError, TooManyRequests
from core.log import get_logger
from web import metrics

log = get_logger(__name__)

PULSE = "pulse"  # always subscribed, so that the connection stays in its listening mode
LISTENERS_PER_THREAD = 8
LONGEST_QUEUE = 500
CONFIRM_SECONDS = 1.0
RETRY_SECONDS = 0.5
LISTEN_SECONDS = 1.0  # in one go
STOP_SECONDS = 3.0
LOOK_SECONDS = 1.0  # how often the database is asked while no news reach us
SAFE_LOOK_SECONDS = 4.0  # and while they do


@dataclass(frozen=True)
class Heard:
    """One event as it goes to the browser: `data` is JSON text; what has no `id` can't be resumed from."""

    kind: str
    data: str
    id: str | None = None


@dataclass(frozen=True)
class Missed:
    """Something may have been missed: look for yourself."""


@dataclass(frozen=True)
class Glance:
    """How a thread stands in the database at one moment."""

    status: str
    position: int  # of its newest message
    turn_id: UUID | None  # its newest turn
    outcome: str
    ended_s: float | None  # seconds since that turn ended

    @property
    def turn_open(self) -> bool:
        """True while a turn runs."""
        return self.turn_id is not None and self.ended_s is None


Item = Heard | Missed | Glance


@dataclass(eq=False)
class Listener:
    """One open stream's queue of news."""

    thread_id: UUID
    news: list[Item] = field(default_factory=list)
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, item: Item) -> None:
        """Queue `item`; a listener that is far behind starts over."""
        if isinstance(item, Missed) or len(self.news) >= LONGEST_QUEUE:
            self.news.clear()
            item = Missed()
        self.news.append(item)
        self.rung.set()

    async def next(self, timeout_s: float) -> list[Item]:
        """All the news there is, oldest first; none when there is none for `timeout_s` seconds."""
        if not self.news:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(timeout_s, 0)):
                    await self.rung.wait()
        self.rung.clear()
        news, self.news = self.news, []
        return news


def _opened(thread_id: UUID, kind: str, data: str, id_: str) -> Item:
    try:
        return Heard(kind, bus.unpacked(thread_id, data), id_)
    except HandrailError as error:  # sealed with a key that is not ours: the database may know more
        log.warning("news_not_opened", cause=error.detail)
        return Missed()


class Hub:
    """Joins this process's listeners to Redis. Use it inside one event loop."""

    def __init__(self, redis_url: str, glances: Callable[[Sequence[UUID]], dict[UUID, Glance]]) -> None:
        """Nothing is connected before `start`. `glances` asks the database how threads stand."""
        self._glances = glances
        self.redis = redis.asyncio.Redis.from_url(
            redis_url, decode_responses=True, socket_timeout=5, socket_connect_timeout=1, health_check_interval=15
        )
        self.up = False  # whether news reach us at this moment
        self.closing = asyncio.Event()
        self._listeners: dict[UUID, set[Listener]] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        self._ear: redis.asyncio.client.PubSub | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to hear."""
        self._tasks = {asyncio.create_task(self._hear()), asyncio.create_task(self._watch())}

    def end_streams(self) -> None:
        """Tell every stream to end: the process is going down."""
        self.closing.set()
        self._tell_everybody()

    async def stop(self) -> None:
        """End the streams and close the connection."""
        self.end_streams()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            # The client may swallow a cancellation that meets its own timeout; the loop ends by itself then.
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        await self.redis.aclose()

    def check_room(self, thread_id: UUID) -> None:
        """Raises TooManyRequests where too many streams of the thread are open here."""
        if len(self._listeners.get(thread_id, ())) >= LISTENERS_PER_THREAD:
            metrics.STREAMS_REFUSED.add()
            raise TooManyRequests("This conversation is open too often: close other tabs.", retry_after_s=30)

    @asynccontextmanager
    async def listener(self, thread_id: UUID) -> AsyncIterator[Listener]:
        """A listener for the thread: from now on it hears everything."""
        others = self._listeners.setdefault(thread_id, set())
        listener = Listener(thread_id)
        others.add(listener)
        metrics.STREAMS.change(1)
        try:
            await self._subscribe(bus.stream_key(thread_id))
            yield listener
        finally:
            metrics.STREAMS.change(-1)
            others.discard(listener)
            await self._unsubscribe(thread_id)

    async def _subscribe(self, channel: str) -> None:
        """Wait until Redis confirms: only then will what is read from the stream and what is heard overlap."""
        confirmed = self._confirmed.setdefault(channel, asyncio.Event())
        if confirmed.is_set() or self._ear is None:
            return
        with suppress(RedisError, OSError, TimeoutError):
            await self._ear.subscribe(channel)
            await asyncio.wait_for(confirmed.wait(), CONFIRM_SECONDS)

    async def _unsubscribe(self, thread_id: UUID) -> None:
        if self._listeners.get(thread_id):
            return
        self._listeners.pop(thread_id, None)
        self._confirmed.pop(bus.stream_key(thread_id), None)
        if self._ear is not None:
            with suppress(RedisError, OSError):
                await self._ear.unsubscribe(bus.stream_key(thread_id))

    async def _hear(self) -> None:
        while not self.closing.is_set():
            try:
                async with self.redis.pubsub() as ear:
                    await ear.subscribe(PULSE, *self._confirmed)
                    self._ear, self.up = ear, True
                    self._tell_everybody()
                    while not self.closing.is_set():
                        self._dispatch(await ear.get_message(timeout=LISTEN_SECONDS))
            except (RedisError, OSError, RuntimeError) as error:
                log.warning("news_not_heard", cause=repr(error))
            finally:
                self._ear, self.up = None, False
                for confirmed in self._confirmed.values():
                    confirmed.clear()
                self._tell_everybody()
            await asyncio.sleep(RETRY_SECONDS)

    async def _watch(self) -> None:
        looked_at = time.monotonic()
        while not self.closing.is_set():
            await asyncio.sleep(LOOK_SECONDS)
            if time.monotonic() < looked_at + (SAFE_LOOK_SECONDS if self.up else LOOK_SECONDS) - RETRY_SECONDS:
                continue
            looked_at = time.monotonic()
            await self._look()

    async def _look(self) -> None:
        wanted = list(self._listeners)
        if not wanted:
            return
        try:
            found = await run_in_threadpool(self._glances, wanted)
        except SQLAlchemyError as error:
            log.warning("threads_not_read", cause=repr(error))
            return
        for thread_id, glance in found.items():
            for listener in self._listeners.get(thread_id, ()):
                listener.hear(glance)

    def _dispatch(self, message: dict[str, str] | None) -> None:
        if message is None:
            return
        channel = message["channel"]
        if message["type"] == "subscribe" and channel in self._confirmed:
            self._confirmed[channel].set()
        elif message["type"] == "message" and channel != PULSE:
            id_, kind, data = message["data"].split("\n", 2)
            thread_id = UUID(channel.removeprefix("thread:"))
            heard = _opened(thread_id, kind, data, id_)
            for listener in self._listeners.get(thread_id, ()):
                listener.hear(heard)

    def _tell_everybody(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.hear(Missed())
