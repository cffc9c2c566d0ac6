"""Destinations that rest: after so many failures in a row nothing goes there for a while, from any process."""

import time
from typing import Any, Protocol

import redis

from core import bus
from core.log import get_logger

log = get_logger(__name__)

PREFIX = "to:"
FORGOTTEN_S = 3600  # a failure that nothing followed


class Circuits(Protocol):
    """What the sender needs of circuits."""

    def failed(self, name: str, *, threshold: int, seconds: float) -> bool:
        """Count a failure; the `threshold`th in a row lets `name` rest for `seconds`. True if it rests from now on."""

    def succeeded(self, name: str) -> None:
        """Forget the failures of `name`."""

    def resting(self) -> dict[str, float]:
        """The names that rest now, and for how many seconds still."""


class SharedCircuits:
    """Circuits in Redis. Without it none rests: each attempt still has its own time limit and its own wait."""

    def failed(self, name: str, *, threshold: int, seconds: float) -> bool:
        """Count a failure; the `threshold`th in a row lets `name` rest for `seconds`. True if it rests from now on."""
        try:
            count = int(bus.client().incr(f"circuit-failures:{name}"))
            bus.client().expire(f"circuit-failures:{name}", FORGOTTEN_S)
            if count < threshold:
                return False
            bus.client().zadd("circuits-resting", {name: time.time() + seconds})
        except redis.RedisError as error:
            log.warning("circuit_not_shared", circuit=name, cause=repr(error))
            return False
        log.warning("circuit_opened", circuit=name, seconds=seconds)
        return True

    def succeeded(self, name: str) -> None:
        """Forget the failures of `name`."""
        try:
            bus.client().delete(f"circuit-failures:{name}")
            bus.client().zrem("circuits-resting", name)
        except redis.RedisError as error:
            log.warning("circuit_not_shared", circuit=name, cause=repr(error))

    def resting(self) -> dict[str, float]:
        """The names that rest now, and for how many seconds still."""
        now = time.time()
        try:
            bus.client().zremrangebyscore("circuits-resting", "-inf", now)
            found: Any = bus.client().zrange("circuits-resting", 0, -1, withscores=True)
        except redis.RedisError:
            return {}
        return {str(name): float(until) - now for name, until in found}
