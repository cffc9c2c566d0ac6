"""Ringing for the job that carries events out: at once, then now and then while more come, and once after the last."""

import time
from collections.abc import Callable

from core.queue import Job, ring_all

PACE_SECONDS = 0.05  # a job takes hundreds of events: a ring for each commit would only fill the queue


def ring() -> None:
    """Ask for the job."""
    ring_all([(Job.HANDLE_WEBHOOKS, {})])


class Bell:
    """Belongs to one thread. `clock` gives seconds that only grow."""

    def __init__(self, ring: Callable[[], None] = ring, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is to be rung for yet."""
        self._ring, self._clock = ring, clock
        self._wanted = False
        self._rung = float("-inf")

    def want(self) -> None:
        """Something was stored."""
        self._wanted = True

    def left(self) -> float | None:
        """Seconds until it is to be rung; None: there is nothing to ring for."""
        return max(0.0, self._rung + PACE_SECONDS - self._clock()) if self._wanted else None

    def ring_when_due(self) -> None:
        """Ring, if it is time to."""
        if self.left() == 0.0:
            self.ring_now()

    def ring_now(self) -> None:
        """Ring, if something was stored since the last time."""
        if self._wanted:
            self._wanted, self._rung = False, self._clock()
            self._ring()
