"""An end to one HTTP call that nothing outlives: when time is up, its connections are shut down."""

import os
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from core.deadline import Deadline


class Alarm:
    """So many seconds for one call: connecting, TLS, sending, headers and body.

    Read timeouts begin anew with each byte, so a server that drips outlives them. `watch` is the request's `trace`.
    """

    def __init__(self, seconds: float) -> None:
        self.rang = False
        self._deadline = Deadline(seconds)
        self._passing = self._deadline.on_pass(self._ring)
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()

    def left(self) -> float:
        """Seconds that remain, never below zero."""
        return self._deadline.left()

    def watch(self, event: str, info: dict[str, Any]) -> None:
        """Hear from httpx2's transport, and take hold of a connection once it stands."""
        if event == "connection.connect_tcp.complete":
            connection: socket.socket = info["return_value"].get_extra_info("socket")
            # A descriptor of our own: TLS takes the socket object apart, and closing it must not reach another's.
            self._hold(socket.socket(fileno=os.dup(connection.fileno())))

    def _hold(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.append(connection)
            if self.rang:
                _shut_down(connection)

    def _ring(self) -> None:
        with self._lock:
            self.rang = True
            for connection in self._open:
                _shut_down(connection)

    def __enter__(self) -> Self:
        """Start it."""
        self._passing.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and let go of the connections."""
        self._passing.__exit__(None, None, None)
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
