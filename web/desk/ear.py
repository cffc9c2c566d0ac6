"""The desk's ear: one Redis connection of this process that hears what happens on any site, for whoever has it open.

What is heard are ids. A page that hears one asks for itself anew, with its own rights; while Redis is away, pages are
told to look every few seconds instead.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import redis.asyncio
from redis.exceptions import RedisError

from core.bus import desk_channel
from core.log import get_logger

log = get_logger(__name__)

LONGEST_QUEUE = 200
LISTEN_SECONDS = 1.0
RETRY_SECONDS = 0.5
STOP_SECONDS = 3.0
LOOK = '{"kind": "look"}'  # something may have been missed


@dataclass(eq=False)
class Listener:
    """One open page: the sites that it hears of, and what it has not been told yet (JSON)."""

    sites: frozenset[str]
    news: list[str] = field(default_factory=list)
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, told: str) -> None:
        """Queue it; one that is far behind looks for itself."""
        self.news = [LOOK] if told == LOOK or len(self.news) >= LONGEST_QUEUE else [*self.news, told]
        self.rung.set()

    async def next(self, timeout_s: float) -> list[str]:
        """All that there is, or nothing after `timeout_s` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.rung.wait()
        self.rung.clear()
        news, self.news = self.news, []
        return list(dict.fromkeys(news))


class Ear:
    """Use it inside one event loop."""

    def __init__(self, redis_url: str) -> None:
        """Nothing is connected before `start`."""
        self.redis = redis.asyncio.Redis.from_url(
            redis_url, decode_responses=True, socket_timeout=5, socket_connect_timeout=1, health_check_interval=15
        )
        self.up = False
        self.closing = asyncio.Event()
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to hear."""
        self._task = asyncio.create_task(self._hear())

    def end_streams(self) -> None:
        """Have every open page's stream end."""
        self.closing.set()
        self._tell_everybody()

    async def stop(self) -> None:
        """End the streams and close the connection."""
        self.end_streams()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=STOP_SECONDS)
        await self.redis.aclose()

    @asynccontextmanager
    async def listener(self, sites: frozenset[str]) -> AsyncIterator[Listener]:
        """A listener for these sites: from now on it hears everything."""
        listener = Listener(sites)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    @property
    def listening(self) -> int:
        """How many pages are open here."""
        return len(self._listeners)

    async def _hear(self) -> None:
        while not self.closing.is_set():
            try:
                async with self.redis.pubsub() as heard:
                    await heard.psubscribe(desk_channel("*"))
                    while not self.closing.is_set():
                        self._dispatch(await heard.get_message(timeout=LISTEN_SECONDS))
            except (RedisError, OSError, RuntimeError) as error:
                log.warning("desk_not_heard", cause=repr(error))
            finally:
                self.up = False
            await asyncio.sleep(RETRY_SECONDS)

    def _dispatch(self, message: dict[str, str] | None) -> None:
        if message is None:
            return
        if message["type"] == "psubscribe":
            self.up = True
            self._tell_everybody()
        elif message["type"] == "pmessage":
            site = message["channel"].removeprefix(desk_channel(""))
            for listener in self._listeners:
                if site in listener.sites:
                    listener.hear(_ids(message["data"]))

    def _tell_everybody(self) -> None:
        for listener in self._listeners:
            listener.hear(LOOK)


def _ids(data: str) -> str:
    """What pages need of it: the kind and the conversation."""
    told = json.loads(data)
    return json.dumps({"kind": told["kind"], "thread": told.get("thread", "")})
