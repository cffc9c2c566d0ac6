"""Circuits: what failed again and again rests for a while, in every process: a tool, a model, a destination.

Names are "tool:search_kb", "model:gpt-x", "to:notices:demo". A circuit is closed (calls go through, and failures in a
row are counted), open (it rests), or half open: the rest is over, and the next call that enters is the probe. For all
others it rests on until the probe is answered: what has just come back must not be met by everybody at once. A probe
that fails opens the circuit again, one that succeeds closes it, and one that is never answered makes room for another.

Redis is what the processes share. Each also remembers what it saw itself, so that a circuit works while Redis is away.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis

from core import bus
from core.log import get_logger

log = get_logger(__name__)

OPEN = "circuits:open"  # sorted set: name → when the rest ends, in seconds of the server's clock
FAILING = "circuits:failing"  # hash: name → "failures in a row, time of the last"
OPENED = "circuits:opened"  # hash: name → how often it was opened
PROBING = "circuits:probing"  # hash: the names whose rest is prolonged by a probe alone
KEYS = (OPEN, FAILING, OPENED, PROBING)
RESTS, CLOSED, PROBE = 0, 1, 2  # what ENTER answers
FORGET_S = 600.0  # a failure that long ago is no part of a row, and nobody is on probation for longer
REDIS_AWAY_S = 5.0  # for so long a Redis that did not answer is not asked again: nobody waits for it in every turn

# Each script is one round trip, and the server's clock is the only one. ARGV: FORGET_S, name, seconds, threshold.
HEAD = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
local function open(name, seconds)
  if redis.call('HDEL', KEYS[4], name) == 1 then redis.call('ZREM', KEYS[1], name) end
  redis.call('ZADD', KEYS[1], 'GT', now + seconds, name)
  redis.call('HDEL', KEYS[2], name)
  redis.call('HINCRBY', KEYS[3], name, 1)
  return 1
end
"""
TRIP = HEAD + "return open(ARGV[2], ARGV[3])"
FAILED = (
    HEAD
    + """
local rests = redis.call('ZSCORE', KEYS[1], ARGV[2])
local probing = redis.call('HEXISTS', KEYS[4], ARGV[2]) == 1
if rests and tonumber(rests) > now and not probing then return 0 end
if rests then return open(ARGV[2], ARGV[3]) end
local count, last = string.match(redis.call('HGET', KEYS[2], ARGV[2]) or '0 0', '(%d+) (%S+)')
if now - last > tonumber(ARGV[1]) then count = 0 end
if count + 1 >= tonumber(ARGV[4]) then return open(ARGV[2], ARGV[3]) end
redis.call('HSET', KEYS[2], ARGV[2], string.format('%d %.3f', count + 1, now))
return 0
"""
)
SUCCEEDED = (
    HEAD
    + """
redis.call('HDEL', KEYS[2], ARGV[2])
local rests = redis.call('ZSCORE', KEYS[1], ARGV[2])
local probing = redis.call('HDEL', KEYS[4], ARGV[2]) == 1
if rests and (probing or tonumber(rests) <= now) then redis.call('ZREM', KEYS[1], ARGV[2]) end
return 0
"""
)
ENTER = (
    HEAD
    + """
local rests = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not rests then return 1 end
if tonumber(rests) > now then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[2])
redis.call('HSET', KEYS[4], ARGV[2], 1)
return 2
"""
)
RESTING = (
    HEAD
    + """
local found = {}
for i, value in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')) do
  found[i] = i % 2 == 1 and value or tostring(value - now)
end
return {found, redis.call('HKEYS', KEYS[2])}
"""
)


@dataclass
class _Seen:
    """One circuit as this process saw it."""

    failures: int = 0
    last: float = 0.0
    until: float | None = None
    shared: bool = True  # Redis knows of it, too: then its word counts while it answers
    probing: bool = False  # it rests for the others alone, while a probe of this process is out


@dataclass
class Circuits:
    """All circuits, as one process sees them. `client` gives Redis; `clock` gives seconds that only grow."""

    client: Callable[[], redis.Redis] = bus.client
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _troubled: frozenset[str] = frozenset()  # elsewhere, when Redis was asked last
    _away_until: float = float("-inf")
    _entering: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, name: str, seconds: float) -> bool:
        """Whether a call may begin now: the first one after a rest may, and the others then wait for what it brings.

        They wait for `seconds` at the most, in which the call must be over. Say what came of it with `succeeded` or
        `failed`. Costs nothing where nothing was wrong when `resting` was asked last.
        """
        seen = self._seen.get(name)
        if seen is None and name not in self._troubled:
            return True
        if seen is not None and not seen.shared and not self._enter_alone(name, seconds):
            return False
        theirs = self._ask(ENTER, name, seconds)
        if theirs is None:
            return self._enter_alone(name, seconds) if seen is None or seen.shared else True
        if theirs == PROBE:
            now = self.clock()
            self._seen[name] = _Seen(last=now, until=now + seconds, probing=True)
        return bool(theirs != RESTS)

    def trip(self, name: str, seconds: float) -> None:
        """Let `name` rest from now on."""
        shared = self._ask(TRIP, name, seconds) is not None
        self._note_open(name, seconds, shared=shared)

    def failed(self, name: str, *, threshold: int, seconds: float) -> bool:
        """Count a failure: at `threshold` in a row, or when it was a probe, `name` rests. True if it does from now."""
        ours = self._count(name, threshold)
        theirs = self._ask(FAILED, name, seconds, threshold)
        if opened := ours if theirs is None else bool(theirs):
            self._note_open(name, seconds, shared=theirs is not None)
        return opened

    def succeeded(self, name: str) -> None:
        """It works: failures in a row end, and a probe closes the circuit. Costs nothing where nothing was wrong."""
        seen = self._seen.get(name)
        if seen is None and name not in self._troubled:
            return
        if seen is not None and (seen.until is None or seen.probing or seen.until <= self.clock()):
            self._seen.pop(name, None)
        self._troubled -= {name}
        self._ask(SUCCEEDED, name)

    def resting(self) -> dict[str, float]:
        """All open circuits, with the seconds until each may be tried again. One round trip."""
        answer, now = self._ask(RESTING), self.clock()
        found = {
            name: seen.until - now
            for name, seen in list(self._seen.items())
            if seen.until is not None and (answer is None or not seen.shared)
        }
        if answer is not None:
            pairs, failing = answer
            self._troubled = frozenset(pairs[::2]) | frozenset(failing)
            for name, left in zip(pairs[::2], pairs[1::2], strict=True):
                found[name] = max(float(left), found.get(name, 0.0))
        return {name: left for name, left in sorted(found.items()) if left > 0}

    def forget(self) -> None:
        """Forget what this process saw itself; what Redis knows stays."""
        self._seen.clear()
        self._troubled, self._away_until = frozenset(), float("-inf")

    def opened(self) -> dict[str, int]:
        """How often each circuit was opened since Redis was last emptied; nothing while it is away."""
        try:
            stored: Any = self.client().hgetall(OPENED)
        except redis.RedisError:
            return {}
        return {name: int(count) for name, count in stored.items()}

    def _count(self, name: str, threshold: int) -> bool:
        """Count in this process alone; whether it would open by that."""
        seen, now = self._seen.setdefault(name, _Seen()), self.clock()
        if seen.until is not None and seen.until > now and not seen.probing:
            return False
        if now - max(seen.last, seen.until or 0.0) > FORGET_S:
            seen.failures, seen.until = 0, None
        seen.failures, seen.last = seen.failures + 1, now
        return seen.until is not None or seen.failures >= threshold

    def _enter_alone(self, name: str, seconds: float) -> bool:
        """By what this process saw itself."""
        with self._entering:
            seen, now = self._seen.get(name, _Seen()), self.clock()
            if seen.until is None:
                return True
            if seen.until > now:
                return False
            seen.until, seen.probing = now + seconds, True
            return True

    def _note_open(self, name: str, seconds: float, *, shared: bool) -> None:
        now, before = self.clock(), self._seen.get(name, _Seen())
        until = max(now + seconds, 0.0 if before.probing else before.until or 0.0)
        self._seen[name] = _Seen(last=now, until=until, shared=shared)
        log.warning("circuit_opened", circuit=name, seconds=seconds, shared=shared)

    def _ask(self, script: str, *values: str | float) -> Any:
        if self.clock() < self._away_until:
            return None
        try:
            return self.client().eval(script, len(KEYS), *KEYS, FORGET_S, *values)
        except redis.RedisError as error:
            self._away_until = self.clock() + REDIS_AWAY_S
            log.warning("circuits_not_shared", cause=type(error).__name__)
            return None


SHARED = Circuits()  # this process's
enter = SHARED.enter
trip = SHARED.trip
failed = SHARED.failed
succeeded = SHARED.succeeded
resting = SHARED.resting
opened = SHARED.opened
