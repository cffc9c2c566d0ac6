"""Deadlines that end the work and not only the waiting: one thread per process calls back when they pass."""

import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core.log import get_logger

log = get_logger(__name__)

Clock = Callable[[], float]
Callback = Callable[[], object]

MOST_DEAD = 64  # alarms that were called off may lie in the heap, before it is cleared of them


class Deadline:
    """So many seconds from now on."""

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        """Start it; `clock` gives seconds that only grow."""
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Seconds that remain, never below zero."""
        return max(0.0, self._end - self._clock())

    @property
    def passed(self) -> bool:
        """True from the deadline on."""
        return self._clock() >= self._end

    def sooner(self, seconds: float) -> "Deadline":
        """Another one, so many seconds from now, by the same clock."""
        return Deadline(seconds, self._clock)

    @contextmanager
    def on_pass(self, callback: Callback) -> Iterator[None]:
        """Call `callback` once if the deadline passes within the block; after the block it neither runs nor will.

        It is called in the watchdog's thread, where everybody's deadlines wait: it must be quick and lock nothing.
        """
        alarm = _watchdog.set(self.left(), callback)
        try:
            yield
        finally:
            alarm.call_off()

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let whatever this thread asks for within the block, a connection or an answer, end with the deadline."""
        token = _in_force.set(self)
        try:
            yield
        finally:
            _in_force.reset(token)


_in_force: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def in_force() -> Deadline | None:
    """The deadline of what this thread does now, if it has one."""
    return _in_force.get()


def at_most(seconds: float) -> float:
    """`seconds`, or what the deadline in force leaves of them."""
    deadline = in_force()
    return seconds if deadline is None else min(seconds, deadline.left())


class _Alarm:
    """One callback at one moment."""

    def __init__(self, watchdog: "_Watchdog", callback: Callback) -> None:
        self._watchdog = watchdog
        self._callback: Callback | None = callback
        self._running = threading.Lock()

    @property
    def off(self) -> bool:
        return self._callback is None

    def go_off(self) -> None:
        with self._running:
            callback, self._callback = self._callback, None
            if callback is None:
                return
            try:
                callback()
            except Exception as error:  # noqa: BLE001 - one's fault is not the others'
                # Without its traceback: rendering one holds everybody's deadlines up.
                log.warning("deadline_callback_failed", cause=repr(error))

    def call_off(self) -> None:
        """Wait for a callback that runs; none begins from here on."""
        if self._watchdog.pid != os.getpid():  # a fork within the block: its locks may be held for ever
            return
        with self._running:
            pending, self._callback = self._callback is not None, None
        if pending:
            self._watchdog.count_dead()


class _Watchdog:
    """A heap of alarms, and the one thread that sleeps until the next."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._heap: list[tuple[float, int, _Alarm]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._dead = 0
        self._thread: threading.Thread | None = None

    def set(self, seconds: float, callback: Callback) -> _Alarm:
        alarm = _Alarm(self, callback)
        entry = (time.monotonic() + seconds, next(self._order), alarm)
        with self._changed:
            heapq.heappush(self._heap, entry)
            if self._heap[0] is entry:
                self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
        return alarm

    def count_dead(self) -> None:
        """Drop the alarms that were called off once they are the greater part: long deadlines must not pile up."""
        with self._changed:
            self._dead += 1
            if self._dead > MOST_DEAD and self._dead * 2 > len(self._heap):
                self._heap = [entry for entry in self._heap if not entry[2].off]
                heapq.heapify(self._heap)
                self._dead = 0

    def __len__(self) -> int:
        return len(self._heap)

    def _run(self) -> None:
        while True:
            self._next().go_off()

    def _next(self) -> _Alarm:
        """The alarm whose moment has come, after sleeping until then."""
        with self._changed:
            while True:
                if not self._heap:
                    self._changed.wait()
                elif (left := self._heap[0][0] - time.monotonic()) > 0:
                    self._changed.wait(left)
                else:
                    alarm = heapq.heappop(self._heap)[2]
                    self._dead -= alarm.off and self._dead > 0
                    return alarm


_watchdog = _Watchdog()


def _watch_anew() -> None:
    global _watchdog  # noqa: PLW0603 - one per process is the point
    _watchdog = _Watchdog()


os.register_at_fork(after_in_child=_watch_anew)  # threads do not cross a fork, and locks cross it as they were
