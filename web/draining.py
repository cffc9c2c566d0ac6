"""Ending a worker without losing anything: running turns are finished, and what can't be is given to somebody else."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from core.log import get_logger

log = get_logger(__name__)

AT_ONCE_SECONDS = 2.0  # for giving leases back when there is no time to finish
FINISHED, CUT_OFF = 0, 1  # exit codes


class Drain:
    """Watches over the end of this process: it comes in time, whatever hangs."""

    def __init__(self, seconds: float, rest: Callable[[], None], give_back: Callable[[], int]) -> None:
        """`seconds` for what runs; `rest` stops what only shows that we work; `give_back` gives all leases back."""
        self.seconds, self.rest, self.give_back = seconds, rest, give_back
        self.begun = False
        self._waker, self._alarm = os.pipe()
        self._finished = threading.Event()

    def begin(self) -> None:
        """Take nothing new from now on, and end in time. Called by a signal's handler, so it only starts a thread."""
        if self.begun:
            return
        self.begun = True
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._at_once)
        os.write(self._alarm, b"!")
        threading.Thread(target=self._watch, name="drain", daemon=True).start()

    def watch_over(self, hub: Any) -> None:
        """Have `begin` wake Celery's loop: it looks for a signal between jobs only, and would take one more."""
        hub.add_reader(self._waker, os.read, self._waker, 1)

    def finish(self) -> None:
        """All turns have ended: the process may end as processes do."""
        self._finished.set()

    def _watch(self) -> None:
        self.rest()
        if not self._finished.wait(self.seconds):
            log.warning("not_drained", seconds=self.seconds, given_back=self._given_back())
            os._exit(FINISHED)

    def _at_once(self, _: int, __: FrameType | None) -> None:
        """The second signal: whoever sends it does not want to wait."""
        giving = threading.Thread(target=self._given_back, daemon=True)  # its locks may be held by what we interrupt
        giving.start()
        giving.join(AT_ONCE_SECONDS)
        os._exit(CUT_OFF)

    def _given_back(self) -> int:
        """How many leases another worker can take now. Without a database they end by themselves."""
        try:
            return self.give_back()
        except SQLAlchemyError as error:
            log.warning("leases_not_given_back", cause=repr(error))
            return 0
