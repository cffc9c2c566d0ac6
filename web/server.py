"""Runs the web application under uvicorn: open streams end when it stops, slow senders are cut off."""

import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from core import failpoints
from core.errors import Unavailable
from core.settings import Settings

CONNECTIONS = 1000
STOP_SECONDS = 3


class PortTaken(Unavailable):
    """The port is in use: stop what listens there, or choose another one with HANDRAIL_PORT."""


class Server(uvicorn.Server):
    """Uvicorn waits for open answers before it stops, and event streams are open for hours: end them first."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        """`end_streams` is called when the server begins to stop."""
        super().__init__(config)
        self.end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then stop as usual."""
        self.end_streams()
        await super().shutdown(sockets)


def make_server(app: FastAPI, *, host: str, port: int) -> Server:
    """A server that is ready to `run`."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `web.proxies` believes those that are listed, and nobody else
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=STOP_SECONDS,
    )

    def end_streams() -> None:
        app.state.hub.end_streams()
        app.state.ear.end_streams()

    return Server(config, end_streams)


def check_port(host: str, port: int) -> None:
    """Raises PortTaken where something listens already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} on {host} can't be used ({error.strerror}): "
                f"stop what listens there, or choose another one: HANDRAIL_PORT={port + 1}."
            ) from error


def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises PortTaken."""
    failpoints.arm(settings)
    check_port(settings.host, settings.port)
    make_server(app, host=settings.host, port=settings.port).run()
