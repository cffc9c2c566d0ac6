"""A deadline for one call to a model, enforced on the socket too: a server that drips outlives read timeouts."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx2

Clock = Callable[[], float]


class Deadline:
    """So many seconds from now on."""

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        """Start it; `clock` gives seconds that only grow."""
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Seconds that remain, never below zero."""
        return max(0.0, self._end - self._clock())

    @property
    def passed(self) -> bool:
        """True from the deadline on."""
        return self._clock() >= self._end

    def sooner(self, seconds: float) -> "Deadline":
        """Another one, so many seconds from now, by the same clock."""
        return Deadline(seconds, self._clock)

    @contextmanager
    def enforced(self, response: httpx2.Response) -> Iterator[None]:
        """Shut the connection of `response` down when the deadline passes, which wakes a blocked read."""
        connection = _socket_of(response)
        if connection is None:  # a transport without a socket
            yield
            return
        timer = threading.Timer(self.left(), _shut_down, (connection,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _socket_of(response: httpx2.Response) -> socket.socket | None:
    stream = response.extensions.get("network_stream")
    found = stream.get_extra_info("socket") if stream is not None else None
    return found if isinstance(found, socket.socket) else None


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
