"""What happens, counted: at once in this process, every two seconds in Redis, where all processes come together.

So `/metrics` of any API process tells of the whole installation: threads, forked children, workers on other machines.
A process that is killed takes two seconds of counts along. When Redis is emptied, counters begin again at nothing, as
Prometheus expects of counters.
"""

import atexit
import json
import os
import socket
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import redis

from core import bus
from core.settings import get_settings

COUNTS, LEVELS = "figures:counts", "figures:levels"  # hashes: what was counted; what each process has at the moment
FLUSH_SECONDS = 2.0
LEVEL_SECONDS = 15.0  # then a process that said nothing more is taken for gone
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SUM = "sum"

Key = tuple[str, ...]
"""A figure's name, its labels' values, and for a histogram the upper bound of a bucket, or "sum"."""

_apart: ContextVar[bool] = ContextVar("apart", default=False)


@contextmanager
def apart() -> Iterator[None]:
    """Count nothing in this block: what the judge tries out is not what happens to visitors."""
    token = _apart.set(True)
    try:
        yield
    finally:
        _apart.reset(token)


class Tally:
    """The counts of one process that Redis does not have yet."""

    def __init__(self, client: Callable[[], redis.Redis] = bus.client, clock: Callable[[], float] = time.time) -> None:
        """Nothing is counted yet; `clock` gives seconds of the day's time, which processes share."""
        self._client, self._clock = client, clock
        self._counts: dict[Key, float] = {}
        self._levels: dict[str, float] = {}
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._begin_anew)
        self.on = True

    def add(self, *more: tuple[Key, float]) -> None:
        """Add to some counts together."""
        if not self.on or _apart.get():
            return
        with self._lock:
            for key, by in more:
                self._counts[key] = self._counts.get(key, 0.0) + by

    def raise_level(self, name: str, by: float) -> None:
        """Change what this process has of `name` at the moment."""
        with self._lock:
            self._levels[name] = self._levels.get(name, 0.0) + by

    def flush(self) -> None:
        """Bring everything to Redis. Raises redis.RedisError; then it is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, {}
            levels = dict(self._levels)
        if not counts and not levels:
            return
        try:
            with self._client().pipeline(transaction=False) as pipe:
                for key, by in counts.items():
                    pipe.hincrbyfloat(COUNTS, json.dumps(key), by)
                for name, level in levels.items():
                    pipe.hset(LEVELS, f"{name}@{_process()}", f"{level} {self._clock()}")
                pipe.execute()
        except redis.RedisError:
            self.add_back(counts)
            raise

    def add_back(self, counts: dict[Key, float]) -> None:
        """Keep what did not arrive. What arrived although no answer came is counted twice: that is seldom."""
        with self._lock:
            for key, by in counts.items():
                self._counts[key] = self._counts.get(key, 0.0) + by

    def read(self) -> dict[Key, float]:
        """Everything that was counted anywhere. Raises redis.RedisError."""
        self.flush()
        stored: Any = self._client().hgetall(COUNTS)
        return {tuple(json.loads(key)): float(count) for key, count in stored.items()}

    def read_levels(self) -> dict[str, float]:
        """What all living processes have at the moment. Raises redis.RedisError."""
        stored: Any = self._client().hgetall(LEVELS)
        sums: dict[str, float] = {}
        for field, value in stored.items():
            level, at = map(float, value.split())
            if self._clock() - at < LEVEL_SECONDS:
                name = field.partition("@")[0]
                sums[name] = sums.get(name, 0.0) + level
            else:
                self._client().hdel(LEVELS, field)
        return sums

    def _begin_anew(self) -> None:
        """A forked child has counted nothing, and the lock may have been held while it was made."""
        self._lock = threading.Lock()
        self._counts, self._levels = {}, {}


TALLY = Tally()  # this process's


@dataclass(frozen=True)
class Counter:
    """Something that only grows. `name` has no "_total": that is how Prometheus spells it."""

    name: str
    words: str
    labels: tuple[str, ...] = ()

    def add(self, *values: str, by: float = 1.0) -> None:
        """One more, or `by` more, under these labels."""
        TALLY.add(((self.name, *values), by))


@dataclass(frozen=True)
class Histogram:
    """How often something was how large."""

    name: str
    words: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = SECONDS

    def observe(self, size: float, *values: str) -> None:
        """Note one."""
        at = bisect_left(self.buckets, size)
        bound = str(float(self.buckets[at])) if at < len(self.buckets) else "+Inf"
        TALLY.add(((self.name, *values, bound), 1.0), ((self.name, *values, SUM), size))

    @contextmanager
    def timing(self, *values: str) -> Iterator[None]:
        """Note the seconds that a block takes, also where it raises."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.observe(time.perf_counter() - began, *values)


@dataclass(frozen=True)
class Level:
    """How much of something there is at the moment, in all processes together."""

    name: str
    words: str

    def change(self, by: float) -> None:
        """So many more, or fewer, in this process."""
        TALLY.raise_level(self.name, by)


Figure = Counter | Histogram | Level


class Flusher:
    """One thread of a process, which brings its counts to Redis until `stop`."""

    def __init__(self, tally: Tally = TALLY) -> None:
        """Not started yet."""
        self._tally = tally
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="figures", daemon=True)

    def start(self) -> None:
        """Begin, unless the settings want no figures. What is there when the process ends is brought along."""
        self._tally.on = get_settings().figures
        if self._tally.on:
            self._thread.start()
            atexit.register(self.stop)

    def stop(self) -> None:
        """Bring what is there, and end. Twice is once."""
        if self._thread.ident is not None and not self._stopped.is_set():
            self._stopped.set()
            self._thread.join(timeout=3)
            self._flush()

    def _run(self) -> None:
        while not self._stopped.wait(FLUSH_SECONDS):
            self._flush()

    def _flush(self) -> None:
        try:
            self._tally.flush()
        except redis.RedisError:
            return  # it is kept, and Redis being away shows elsewhere


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
