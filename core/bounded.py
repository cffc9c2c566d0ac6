"""Connections that obey the deadline in force: to PostgreSQL and over HTTP, from the first byte to the last.

The thread that waits is the one that gives up. So there is nothing to race with: a cancel can't hit the statement of
whoever uses the connection next, and a socket is never closed under somebody else's feet.
"""

import socket
import ssl
from collections.abc import Iterable
from typing import Any, TypeVar

import httpcore2
import httpx2
import psycopg
from psycopg.errors import OperationalError, QueryCanceled
from sqlalchemy import PoolProxiedConnection, QueuePool

from core.deadline import at_most, in_force
from core.log import get_logger

log = get_logger(__name__)

GRACE_S = 0.25  # for a server to obey
CONNECT_S = 5

Result = TypeVar("Result")


class DeadlinePassed(OperationalError):
    """The deadline passed and the server did not even answer a cancel: this connection is closed."""


class Connection(psycopg.Connection[Any]):
    """Cancels its statement when the deadline in force passes; closes itself when that does not help either."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """See psycopg. Every statement waits here, commit and rollback too. Raises QueryCanceled, DeadlinePassed."""
        deadline = in_force()
        if deadline is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        until = deadline.left() or GRACE_S  # a rollback may begin after the deadline
        try:
            return super().wait(gen, interval, until)
        except OperationalError as error:
            if self.closed or not deadline.passed or not _gave_up(error):
                raise
        return self._end(gen)

    def _end(self, gen: Any) -> Any:
        try:
            self.cancel_safe(timeout=GRACE_S)
            return super().wait(gen, timeout=GRACE_S)  # the answer, if it came after all
        except QueryCanceled:
            raise
        except psycopg.Error as error:
            log.warning("connection_given_up", cause=type(error).__name__)
            self.pgconn.finish()
            raise DeadlinePassed("the deadline passed, and the server does not answer") from error


def _gave_up(error: OperationalError) -> bool:
    return type(error).__name__ == "_WaitTimeout"  # psycopg keeps its class to itself


def connect(*args: Any, **options: Any) -> Connection:
    """As `psycopg.connect`, within the deadline in force (but libpq's shortest wait is two seconds)."""
    options["connect_timeout"] = max(1, round(at_most(options.get("connect_timeout", CONNECT_S))))
    return Connection.connect(*args, **options)


class Pool(QueuePool):
    """A pool in which nobody queues for longer than the deadline in force."""

    @property
    def _timeout(self) -> float:  # read once for each checkout; SQLAlchemy offers no other way to say it for one
        return at_most(self._longest)

    @_timeout.setter
    def _timeout(self, seconds: float) -> None:
        self._longest = seconds

    def distrust(self, connection: PoolProxiedConnection, error: Exception) -> None:
        """`connection` was lost by `error`: what is as old as that is opened anew before it is used."""
        self._invalidate(connection, error)


class _Stream(httpcore2.NetworkStream):
    """Each read and write gets what is left: however small the pieces are that a server sends, they end in time."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _seconds(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _seconds(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        # One limit for the whole handshake: Python's ssl counts down over its reads.
        seconds = _seconds(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, seconds))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore2.SyncBackend):
    """Tries the addresses of a host one after the other, all of them within what is left."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failed: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in _addresses(host, port):
            seconds = _seconds(timeout, httpcore2.ConnectTimeout)
            try:
                return _Stream(super().connect_tcp(address, port, seconds, local_address, socket_options))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed


class Transport(httpx2.HTTPTransport):
    """httpx2's own transport, but connecting, TLS, writing and reading all end with the deadline in force."""

    def __init__(self, **options: Any) -> None:
        """Take what HTTPTransport takes."""
        super().__init__(**options)
        self._pool._network_backend = _Backend()  # noqa: SLF001 - httpx2 does not pass one on


def _seconds(timeout: float | None, too_late: type[Exception]) -> float:
    left = at_most(CONNECT_S if timeout is None else timeout)
    if left <= 0:
        raise too_late("the deadline has passed")
    return left


def _addresses(host: str, port: int) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(str(error)) from error
