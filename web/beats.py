"""Workers that are alive, by their heartbeat in the database."""

import os
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.db import transaction
from core.log import get_logger
from core.models import WorkerBeat

log = get_logger(__name__)

BEAT_SECONDS = 2.0
ALIVE = timedelta(seconds=10)
FORGOTTEN = timedelta(days=1)


def alive_queues(session: Session) -> set[str]:
    """The queues that at least one living worker serves."""
    rows = session.scalars(select(WorkerBeat.queues).where(WorkerBeat.seen_at > func.now() - ALIVE))
    return {queue for row in rows for queue in row.split(",")}


class Heart:
    """Beats for one worker process, in a thread, until `stop`."""

    def __init__(self, queues: Sequence[str]) -> None:
        """`queues`: those that the worker serves."""
        self.name = f"{'-'.join(queues)}@{socket.gethostname()[:60]}:{os.getpid()}"
        self.queues = ",".join(queues)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more, and say so. Twice is once."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=3)
        self._try(self._forget)

    def _run(self) -> None:
        while True:
            self._try(self._beat)
            if self._stopped.wait(BEAT_SECONDS):
                return

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except SQLAlchemyError as error:  # the database is away: the next beat tries again
            log.warning("no_heartbeat", cause=repr(error))

    def _beat(self) -> None:
        row = {"queues": self.queues, "seen_at": func.now()}
        statement = insert(WorkerBeat).values(name=self.name, **row)
        with transaction() as session:
            session.execute(statement.on_conflict_do_update(index_elements=[WorkerBeat.name], set_=row))
            session.execute(delete(WorkerBeat).where(WorkerBeat.seen_at < func.now() - FORGOTTEN))

    def _forget(self) -> None:
        with transaction() as session:
            session.execute(delete(WorkerBeat).where(WorkerBeat.name == self.name))
