"""Holding on to the turns of this process: one thread renews all leases, so that a kill shows within seconds."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from core.db import transaction
from core.log import get_logger
from orchestrator.journal import Lease, let_go, renew

log = get_logger(__name__)


class Keeper:
    """Renews every held lease three times within its length."""

    def __init__(self, lease_seconds: float) -> None:
        """Start nothing yet: the thread begins with the first lease."""
        self._seconds = lease_seconds
        self._held: dict[UUID, int] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, lease: Lease) -> Iterator[None]:
        """Keep `lease` alive while the block runs."""
        with self._lock:
            self._held[lease.turn_id] = lease.fence
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                if self._held.get(lease.turn_id) == lease.fence:
                    del self._held[lease.turn_id]

    def release(self) -> int:
        """Give every turn of this process back at once, so that nobody waits for its lease to end; how many."""
        self._wake.set()  # what is given back is not renewed
        with self._lock:
            held = dict(self._held)
        if held:
            with transaction() as session:
                let_go(session, held)
        return len(held)

    def _run(self) -> None:
        while not self._wake.wait(self._seconds / 3):
            with self._lock:
                held = dict(self._held)
            if held:
                self._renew(held)

    def _renew(self, held: dict[UUID, int]) -> None:
        try:
            with transaction() as session:
                renew(session, held, self._seconds)
        except SQLAlchemyError as error:  # the database is away: another worker may take over, the fence protects
            log.warning("leases_not_renewed", count=len(held), cause=repr(error))
