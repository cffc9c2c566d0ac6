"""The watch of a chat worker: it sweeps by itself, and takes turns itself while nobody can ring.

With it neither the scheduler nor Redis stands between a stored message and its answer: they only make it come sooner.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from core import bus
from core.log import get_logger
from core.settings import Settings
from orchestrator.tasks import sweep_when_due
from orchestrator.turn import take_turn

log = get_logger(__name__)

HANDS = 4  # turns at once while Redis is away


class Watch:
    """One thread per worker process, from `start` to `stop`."""

    def __init__(self, settings: Settings) -> None:
        """Start nothing yet."""
        self._seconds = settings.sweep_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._pool = ThreadPoolExecutor(HANDS, "watch-turn")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; what has begun goes on."""
        self._stopped.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except (SQLAlchemyError, RuntimeError) as error:  # no database, or stopped meanwhile
                log.warning("not_swept", cause=repr(error))
            if self._stopped.wait(self._seconds):
                return

    def look(self) -> None:
        """Sweep, unless another process has done so; and take what was rung for, where the bell is dead."""
        rung = sweep_when_due()
        if rung and not _bell_rings():
            log.warning("bell_dead", turns=len(rung))
            for thread_id in rung:
                self._pool.submit(_take, thread_id)


def _take(thread_id: UUID) -> None:
    try:
        take_turn(thread_id)
    except Exception:  # as a Celery task would: the lease ends, and the next sweep finds the turn
        log.exception("turn_not_taken", thread=str(thread_id))


def _bell_rings() -> bool:
    try:
        return bool(bus.client().ping())
    except (RedisError, OSError):
        return False
