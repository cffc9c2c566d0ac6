"""Redis: tell a thread's listeners what happened, and count against rate limits. Losing it loses no message."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import redis
from sqlalchemy.orm import Session

from core import failpoints
from core.log import get_logger
from core.sealing.seal import opened, seal
from core.settings import get_settings

log = get_logger(__name__)

STREAM_LENGTH = 400  # news kept per thread, for listeners that come back
STREAM_SECONDS = 3600
NEWS, SPOKEN = "news", {"message", "sentence"}  # what news are sealed as, and which of them


@dataclass(frozen=True)
class News:
    """One thing to tell the listeners of a thread: an SSE event before it has an id."""

    thread_id: UUID
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class DeskNews:
    """One thing to tell the desk of a site. Ids only: whoever listens reads what is true by then, if they may."""

    site_id: str
    kind: str
    ids: dict[str, str]


def desk_channel(site_id: str) -> str:
    """The channel that the live desk of a site listens to. What is missed there is missed: the database has it."""
    return f"desk:{site_id}"


def stream_key(thread_id: UUID | str) -> str:
    """The Redis stream with a thread's recent news, and the channel that announces it."""
    return f"thread:{thread_id}"


@lru_cache(maxsize=4)
def _client(url: str, pid: int, most: int) -> redis.Redis:  # one per process: a socket can't be shared by a fork
    del pid
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=2,
        socket_connect_timeout=1,
        health_check_interval=30,
        max_connections=most,
    )


def client() -> redis.Redis:
    """This process's Redis client."""
    settings = get_settings()
    # A thread uses one for its command, and another one while it listens.
    return _client(settings.redis_url, os.getpid(), 2 * settings.pool_size)


def tell(session: Session, thread_id: UUID, kind: str, **data: Any) -> None:
    """Tell the thread's listeners once `session` has committed."""
    session.info.setdefault("news", []).append(News(thread_id, kind, data))


def tell_desk(session: Session, site_id: str, kind: str, **ids: Any) -> None:
    """Tell the site's live desk once `session` has committed: `{"kind": kind, "thread": "…", …}` as JSON."""
    told = DeskNews(site_id, kind, {name: str(id_) for name, id_ in ids.items()})
    session.info.setdefault("news", []).append(told)


def forget(session: Session, thread_id: UUID) -> None:
    """Take away the thread's news once `session` has committed, and what others have yet to tell of it."""
    session.info.setdefault("forgotten", []).append(thread_id)


def publish_all(news: Iterable[News | DeskNews]) -> None:
    """Publish now. A dead Redis is logged, never raised: listeners look into the database by themselves."""
    items = list(news)
    if not items:
        return
    failpoints.reached("before TELL")
    try:
        with client().pipeline(transaction=False) as pipe:
            for item in items:
                _add(pipe, item)
            pipe.execute()
    except redis.RedisError as error:
        log.warning("news_not_told", kinds=[item.kind for item in items], cause=repr(error))
    failpoints.reached("after TELL")


def forget_message(thread_id: UUID, message_id: UUID) -> None:
    """Take a message out of the thread's recent news. A dead Redis is logged; what it still has expires by itself."""
    key = stream_key(thread_id)
    try:
        rows: Any = client().xrange(key)
        named = [
            id_ for id_, row in rows if row["kind"] == "message" and str(message_id) in unpacked(thread_id, row["data"])
        ]
        if named:
            client().xdel(key, *named)
    except redis.RedisError as error:
        log.warning("news_not_forgotten", cause=repr(error))


def publish(thread_id: UUID, kind: str, **data: Any) -> None:
    """Publish one piece of provisional news (a state, a guarded sentence) at once."""
    publish_all([News(thread_id, kind, data)])


def forget_all(thread_ids: Iterable[UUID]) -> None:
    """Take away the news of threads that are no more, and what a worker has yet to tell of them.

    Without Redis they go by themselves within the hour.
    """
    keys = [stream_key(thread_id) for thread_id in thread_ids]
    if not keys:
        return
    try:
        with client().pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.set(f"{key}:gone", 1, ex=STREAM_SECONDS)
                pipe.delete(key)
            pipe.execute()
    except redis.RedisError as error:
        log.warning("news_not_forgotten", count=len(keys), cause=repr(error))


def _add(pipe: Any, item: News | DeskNews) -> None:
    if isinstance(item, DeskNews):
        pipe.publish(desk_channel(item.site_id), json.dumps({"kind": item.kind, **item.ids}))
        return
    # The script gives the news its id and announces it under that id in one step.
    pipe.eval(ADD, 1, stream_key(item.thread_id), item.kind, _packed(item), STREAM_LENGTH, STREAM_SECONDS)


def _packed(item: News) -> str:
    """Redis may write to a disk, too: what was said is sealed there as in the database."""
    told = json.dumps(item.data, default=str)
    return seal(NEWS, item.thread_id, told) if item.kind in SPOKEN else told


def unpacked(thread_id: UUID | str, data: str) -> str:
    """The JSON text of one piece of news as it lies in the stream. Raises KeyMissing, SealBroken."""
    return opened(NEWS, thread_id, data)


ADD = """
if redis.call('EXISTS', KEYS[1] .. ':gone') == 1 then return false end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'kind', ARGV[1], 'data', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', KEYS[1], id .. '\\n' .. ARGV[1] .. '\\n' .. ARGV[2])
return id
"""


def wait_for(limits: Mapping[str, int], *, seconds: int) -> int:
    """Count one use of each key; the seconds until all are free again, 0 where none was used more often than it may.

    One trip, whatever the number. Raises redis.RedisError when Redis is away.
    """
    with client().pipeline(transaction=True) as pipe:
        for key in limits:
            pipe.incr(f"limit:{key}")
            pipe.expire(f"limit:{key}", seconds, nx=True)
            pipe.ttl(f"limit:{key}")
        answers = pipe.execute()
    counted = zip(limits.values(), answers[::3], answers[2::3], strict=True)
    return max((max(int(left), 1) for most, used, left in counted if int(used) > most), default=0)


def allowed(key: str, *, limit: int, seconds: int) -> bool:
    """Count one use of `key`; False once `limit` uses lie in the current window of `seconds`.

    Raises redis.RedisError when Redis is away: the caller decides whether to fail open or closed.
    """
    with client().pipeline(transaction=True) as pipe:
        pipe.incr(f"limit:{key}")
        pipe.expire(f"limit:{key}", seconds, nx=True)
        used, _ = pipe.execute()
    return int(used) <= limit
