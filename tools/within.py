"""A transaction that ends when the caller's time is up, and whose failure is a plain sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from core.db import transaction
from core.direct import Statement
from core.log import get_logger
from tools.tool import Caller, ToolFailed, ToolLate

log = get_logger(__name__)

TIMEOUT = Statement("SELECT set_config('statement_timeout', :ms, true)")
SHORTEST_MS = 50  # 0 would mean "no limit" to PostgreSQL


@contextmanager
def within(caller: Caller, failure: str) -> Iterator[Session]:
    """A session for the caller's remaining seconds. Any database error becomes ToolFailed(`failure`).

    Two limits. Ours counts for the whole block, from the queue for a connection to the commit, and cancels what runs
    (`core.bounded`); the server's own ends a statement even when a cancel can't reach it any more. Whatever was
    written by a block that ends late is rolled back.
    """
    deadline = caller.until
    try:
        with deadline.in_force(), transaction() as session:
            TIMEOUT.run(session, ms=str(max(SHORTEST_MS, int(deadline.left() * 1000))))
            yield session
            if deadline.passed:
                raise ToolLate(failure)
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        log.warning("tool_database_failed", cause=type(cause).__name__, turn_id=str(caller.turn_id))
        raise ToolFailed(failure) from error
