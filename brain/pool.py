"""The one pool of connections to models in this process. Its reads ask `Patience` how long they may wait."""

import atexit
import ssl
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.request import getproxies

import httpcore2
import httpx2

from brain.client import BrainGarbled
from brain.patience import Patience
from core.tracing import HOOKS

LEAST = 128  # connections; a process with more threads has one for each
PLAIN = {"accept-encoding": "identity"}  # compressed streams come in lumps, and small ones can hide large ones


@lru_cache(maxsize=1)
def shared_client(threads: int = 0) -> httpx2.Client:
    """The pool. It follows no redirect: a key goes to the address that it was given for, and nowhere else.

    Where the environment names a proxy, httpx2's own connections are used: they wait the longer of both limits.
    """
    limits = httpx2.Limits(max_connections=max(threads, LEAST), max_keepalive_connections=32, keepalive_expiry=30)
    client = httpx2.Client(
        transport=None if getproxies() else PatientTransport(limits), headers=PLAIN, limits=limits, event_hooks=HOOKS
    )
    atexit.register(client.close)
    return client


class PatientTransport(httpx2.HTTPTransport):
    """httpx2's own transport over connections that are patient in our way."""

    def __init__(self, limits: httpx2.Limits) -> None:
        """Open nothing yet."""
        super().__init__(limits=limits)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Backend(),
        )


class _Backend(httpcore2.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        return _Stream(super().connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if not isinstance(timeout, Patience):
            return self._inner.read(max_bytes, timeout)
        if timeout.over:
            raise httpcore2.ReadTimeout
        got = self._inner.read(max_bytes, timeout.left())
        if timeout.endless(len(got)):
            raise BrainGarbled("The model's answer does not end.")
        return got

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout.left() if isinstance(timeout, Patience) else timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
