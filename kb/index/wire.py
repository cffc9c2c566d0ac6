"""Straight to PostgreSQL: rows without SQLAlchemy's result objects, and COPY in its binary form.

SQLAlchemy takes about 85 µs for a statement that psycopg does in 40, which is a third of a whole search, and it has no
COPY. Everything here works on the session's own connection, in its transaction, and raises SQLAlchemy's errors.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from struct import pack
from typing import Any

import psycopg
from psycopg import sql
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from core.direct import translated
from core.tracing import statement_span

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + pack(">ii", 0, 0)
END = pack(">h", -1)
NULL = pack(">i", -1)
READER = "kb.index.wire.reader"
PORTION = 1 << 18  # bytes written at a time


class Half(bytes):
    """A vector as `vectors.halves` packs it, to be cast to halfvec: writing 384 numbers as text takes 0.2 ms."""


class _HalfDumper(Dumper):
    """Its type stays unknown to psycopg, and PostgreSQL infers it from the cast."""

    format = Format.BINARY

    def dump(self, obj: Half) -> bytes:
        return obj


def array(values: Iterable[object]) -> str:
    """A parameter that is cast to an array. psycopg looks at each item of a list, which takes as long as the query."""
    items = list(values)
    if items and isinstance(items[0], int):
        return "{" + ",".join(map(str, items)) + "}"
    return "{" + ",".join([_quoted(str(item)) for item in items]) + "}"


def _quoted(item: str) -> str:
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


def rows(session: Session, query: str, values: dict[str, Any], *, prepare: bool | None = True) -> list[Any]:
    """All rows of a query as plain tuples, in binary. `prepare=False` has PostgreSQL plan it for these very values."""
    connection = session.connection()
    raw: Any = connection.connection.driver_connection
    try:
        with statement_span(query):
            found: list[Any] = _reader(connection, raw).execute(query.encode(), values, prepare=prepare).fetchall()
    except psycopg.Error as error:
        raise translated(connection, raw, query, error) from error
    return found


def copy(session: Session, table: str, columns: Sequence[str], packed: Iterable[bytes]) -> None:
    """Write rows, each as `packed_row` makes it of all its columns in their order."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(table), names)
    with _cursor(session, f"COPY {table}") as cursor, cursor.copy(query) as out:
        portion = bytearray(SIGNATURE)
        for row in packed:
            portion += row
            if len(portion) > PORTION:
                out.write(portion)
                portion = bytearray()
        out.write(portion + END)


def packed_row(*fields: bytes | None) -> bytes:
    """A row in the binary form of COPY."""
    parts = [NULL if field is None else pack(">i", len(field)) + field for field in fields]
    return pack(">h", len(fields)) + b"".join(parts)


def int8(value: int) -> bytes:
    """A bigint."""
    return pack(">q", value)


def int4(value: int) -> bytes:
    """An integer."""
    return pack(">i", value)


def int2(value: int) -> bytes:
    """A smallint."""
    return pack(">h", value)


def text(value: str) -> bytes:
    """A text or varchar; PostgreSQL knows no NUL."""
    return value.replace("\0", "").encode()


def jsonb(value: str) -> bytes:
    """A jsonb, of JSON."""
    return b"\x01" + value.encode()


def _reader(connection: Connection, raw: Any) -> psycopg.Cursor[Any]:
    """The cursor that stays with the connection: to make one takes as long as a short statement."""
    cursor: psycopg.Cursor[Any] | None = connection.info.get(READER)
    if cursor is None or cursor.closed or cursor.connection is not raw:
        cursor = connection.info[READER] = raw.cursor(binary=True)
        cursor.adapters.register_dumper(Half, _HalfDumper)
    return cursor


@contextmanager
def _cursor(session: Session, statement: str) -> Iterator[psycopg.Cursor[Any]]:
    connection = session.connection()
    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor(binary=True) as cursor:
            yield cursor
    except psycopg.Error as error:
        raise translated(connection, raw, statement, error) from error
