"""Statements that go straight to psycopg: what every turn says to PostgreSQL some fifty times.

SQLAlchemy takes about 85 µs for a statement that psycopg does in 40. These run on the session's own connection, in its
transaction, after what the session has yet to write; they raise SQLAlchemy's errors, and a lost connection ends here
as it ends there.
"""

from functools import cached_property
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import psycopg as dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import failpoints
from core.bounded import Pool
from core.tracing import statement_span

CURSOR = "core.direct.cursor"
DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]


class Statement:
    """One SQL statement, with `:names` as in `sqlalchemy.text`."""

    def __init__(self, query: str) -> None:
        """Nothing is asked before it is run."""
        self.query = query

    def rows(self, session: Session, **values: Any) -> list[Any]:
        """All rows, as named tuples."""
        return self._run(session, values).fetchall()

    def row(self, session: Session, **values: Any) -> Any:
        """The only row, or None."""
        return self._run(session, values).fetchone()

    def run(self, session: Session, **values: Any) -> None:
        """Run it; whatever it returns is not read."""
        self._run(session, values)

    def _run(self, session: Session, values: dict[str, Any]) -> psycopg.Cursor[Any]:
        session.flush()
        connection = session.connection()
        raw: Any = connection.connection.driver_connection
        self._reached("before")
        try:
            with statement_span(self.query):
                cursor = _cursor(connection, raw).execute(self._written, values)
        except psycopg.Error as error:
            raise translated(connection, raw, self.query, error) from error
        self._reached("after")
        return cursor

    def _reached(self, when: str) -> None:
        if self._writes:
            failpoints.reached(f"{when} {self._writes}")

    @cached_property
    def _written(self) -> bytes:
        """As psycopg wants it."""
        return str(text(self.query).compile(dialect=DIALECT)).encode()

    @cached_property
    def _writes(self) -> str:
        return failpoints.writes(self.query)


def translated(connection: Connection, raw: Any, statement: str, error: psycopg.Error) -> Exception:
    """`error` as SQLAlchemy would have raised it. Where the connection is lost, no older one is used any more."""
    if raw.closed:
        if isinstance(pool := connection.engine.pool, Pool):
            pool.distrust(connection.connection, error)
        connection.invalidate(error)
    return DBAPIError.instance(statement, None, error, psycopg.Error)


def _cursor(connection: Connection, raw: Any) -> psycopg.Cursor[Any]:
    """The cursor that stays with the connection: to make one takes as long as a short statement."""
    cursor: psycopg.Cursor[Any] | None = connection.info.get(CURSOR)
    if cursor is None or cursor.closed or cursor.connection is not raw:
        cursor = connection.info[CURSOR] = raw.cursor(row_factory=namedtuple_row)
    return cursor
