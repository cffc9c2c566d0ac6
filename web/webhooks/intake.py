"""Storing what comes in: whoever arrives while one commit is under way shares the next one.

A commit waits for the disk; hundreds of events that come together wait once. Each is answered only after the commit
that holds it.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from core.errors import HandrailError, Unavailable
from core.log import get_logger
from web.webhooks.bell import Bell
from web.webhooks.received import BodyNotJson, Received, SignatureWrong, Stored, TooManyWaiting
from web.webhooks.storing import WAITING, Key, key_of, storing, write

log = get_logger(__name__)

TOGETHER = 256  # events in one commit
TOGETHER_BYTES = 8 * 1024 * 1024  # of their bodies
LOOK_SECONDS = 1.0  # between two counts of what waits
PATIENCE_SECONDS = 4.0  # that a sender is kept; then it is told to come again
STOP_SECONDS = 10.0
AWAY = (DBAPIError, NoConnection, HandrailError, OSError)

Result = Stored | HandrailError


@dataclass(eq=False, slots=True)
class _Waiting:
    received: Received
    answer: "asyncio.Future[Stored]"
    loop: asyncio.AbstractEventLoop


class Intake:
    """One writer thread of this process.

    `most_waiting` events may wait in the database; a sender is kept for `patience` seconds at the most.
    """

    def __init__(self, most_waiting: int, patience: float = PATIENCE_SECONDS, bell: Bell | None = None) -> None:
        """Not started yet."""
        self._most, self._patience, self._bell = most_waiting, patience, bell or Bell()
        self._queue: list[_Waiting] = []
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ended = False
        self._full = False
        self._looked = float("-inf")

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._write_on, name="webhook-intake", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is there, then end."""
        with self._ready:
            self._ended = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join(timeout=STOP_SECONDS)

    async def store(self, received: Received) -> Stored:
        """Keep `received`; returns after the commit. Raises TooManyWaiting or Unavailable."""
        if self._full:
            raise TooManyWaiting(retry_after_s=30)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(received, loop.create_future(), loop)
        with self._ready:
            self._queue.append(waiting)
            self._ready.notify()
        late = loop.call_later(self._patience, _give_up, waiting)
        try:
            return await waiting.answer
        finally:
            late.cancel()

    def _write_on(self) -> None:
        while (batch := self._take()) is not None:
            _tell(batch, self._store([waiting.received for waiting in batch]))
            self._bell.ring_when_due()
        self._bell.ring_now()

    def _take(self) -> list[_Waiting] | None:
        """What is to be written together, once there is something; [] where other work is due; None at the end."""
        with self._ready:
            self._ready.wait_for(lambda: self._queue or self._ended, timeout=self._pause())
            if self._ended and not self._queue:
                return None
            batch, self._queue = _divide(self._queue)
            return batch

    def _pause(self) -> float | None:
        """Seconds until the bell is to be rung, or, while events are refused, what waits to be counted again."""
        dues = (self._bell.left(), LOOK_SECONDS if self._full else None)
        return min((due for due in dues if due is not None), default=None)

    def _store(self, events: Sequence[Received]) -> Sequence[Result]:
        try:
            with storing() as session:
                stored = write(session, events) if events else []
                self._look(session)
        except (DataError, IntegrityError) as error:
            if len(events) == 1:
                return [_refusal(error)]
            # One of them can't be kept, and it isn't said which one: the others must not suffer for it.
            return [result for event in events for result in self._store([event])]
        except AWAY as error:
            known = isinstance(error, (OperationalError, NoConnection))
            log.warning("webhooks_not_stored", count=len(events), cause=type(error).__name__, exc_info=not known)
            return [Unavailable("The database is away: send this event again.")] * len(events)
        except Exception:
            log.exception("webhook_intake_broke")
            return [HandrailError()] * len(events)
        if any(isinstance(one, Stored) and not one.known and not one.conflict for one in stored):
            self._bell.want()
        return stored

    def _look(self, session: Session) -> None:
        if time.monotonic() - self._looked > LOOK_SECONDS:
            count = session.scalars(WAITING, {"most": self._most}).one()
            self._full, self._looked = count >= self._most, time.monotonic()


def _divide(queue: Sequence[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """What is written now, and what later. Whose sender was told to come again is left out."""
    batch: list[_Waiting] = []
    later: list[_Waiting] = []
    keys: set[Key] = set()
    size = 0
    for waiting in queue:
        if waiting.answer.done():
            continue
        key, size = key_of(waiting.received), size + len(waiting.received.body)
        # Two bodies under one id: the second is written after the first, to be known as a conflict.
        if key in keys or len(batch) == TOGETHER or (batch and size > TOGETHER_BYTES):
            later.append(waiting)
        else:
            keys.add(key)
            batch.append(waiting)
    return batch, later


def _refusal(error: DBAPIError) -> HandrailError:
    log.warning("webhook_can_not_be_kept", cause=type(error.orig).__name__)
    if isinstance(error, IntegrityError):
        return SignatureWrong()  # the site was removed a moment ago: it sounds like any other unknown site
    return BodyNotJson("The database can't keep a value in the body: send plain text and ordinary numbers.")


def _give_up(waiting: _Waiting) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(Unavailable("The event could not be stored in time: send it again."))


def _tell(batch: Sequence[_Waiting], results: Sequence[Result]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Result]]] = {}
    for waiting, result in zip(batch, results, strict=True):
        by_loop.setdefault(waiting.loop, []).append((waiting, result))
    for loop, told in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, told)


def _settle(told: Sequence[tuple[_Waiting, Result]]) -> None:
    for waiting, result in told:
        if waiting.answer.done():
            continue
        if isinstance(result, HandrailError):
            waiting.answer.set_exception(result)
        else:
            waiting.answer.set_result(result)
