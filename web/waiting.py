"""Waiting for a turn to end, for callers that want one answer instead of a stream of events."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from redis.client import PubSub
from redis.exceptions import RedisError
from sqlalchemy import select

from core import bus
from core.db import transaction
from core.models import Message, Turn
from orchestrator.tokens import opened

LOOK_SECONDS = 0.5


def wait_for_turn(
    thread_id: UUID, turn_id: UUID, seconds: float, *, clock: Callable[[], float] = time.monotonic
) -> Turn | None:
    """The turn once it has ended, or None after `seconds`. Redis only makes it quicker: the database decides."""
    until = clock() + seconds
    with _ear() as ear:
        _subscribe(ear, thread_id)
        while True:
            if (turn := _ended(turn_id)) is not None:
                return turn
            if clock() >= until:
                return None
            _sleep(ear, turn_id, min(LOOK_SECONDS, until - clock()), clock)


def reply_of(turn_id: UUID) -> Message | None:
    """What the agent said in the turn."""
    with transaction() as session:
        said = select(Message).where(Message.turn_id == turn_id, Message.role.in_(("agent", "system")))
        return session.scalar(said.order_by(Message.role, Message.position.desc()).limit(1))


def words_of(said: Message | None) -> str:
    """What it says, in its visitor's own words: for whoever asked; "" where nothing was said."""
    if said is None:
        return ""
    with transaction() as session:
        return opened(session, said.thread_id, said.content)


def _ear() -> PubSub:
    ear: PubSub = bus.client().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    return ear


def _subscribe(ear: PubSub, thread_id: UUID) -> None:
    with suppress(RedisError, OSError):
        ear.subscribe(bus.stream_key(thread_id))


def _ended(turn_id: UUID) -> Turn | None:
    with transaction() as session:
        return session.scalar(select(Turn).where(Turn.id == turn_id, Turn.ended_at.is_not(None)))


def _sleep(ear: PubSub, turn_id: UUID, seconds: float, clock: Callable[[], float]) -> None:
    """Sleep until the turn's end is announced, at most `seconds`."""
    until = clock() + seconds
    while (left := until - clock()) > 0:
        try:
            message = ear.get_message(timeout=left)
        except (RedisError, OSError, RuntimeError):
            time.sleep(max(0.0, until - clock()))
            return
        if message and _announces(str(message["data"]), turn_id):
            return


def _announces(line: str, turn_id: UUID) -> bool:
    _, kind, data = line.split("\n", 2)
    return kind == "done" and json.loads(data).get("turn_id") == str(turn_id)
