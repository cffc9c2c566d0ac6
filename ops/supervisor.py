"""A demo: servers, API, workers, scheduler and a stage before them under one parent; one Ctrl-C stops all of it."""

import os
import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import NoReturn, Protocol

import httpx2
import typer

from core import db, embedded, log, queue, schema
from core.errors import Unavailable
from core.settings import Settings, get_settings
from ops.children import Child, stop
from web.server import check_port

STOP_SECONDS = 4.0
SHORTEST_LIFE = 20.0  # seconds; a server that ends sooner is not started again
READY_SECONDS = 120.0
POLL_SECONDS = 0.1
# Everything on this machine comes from one address.
DEMO = {"HANDRAIL_PROFILE": "demo", "HANDRAIL_SESSIONS_PER_MINUTE": "1200"}

Watch = Callable[[], None]
"""Starts again what has died. To be called while one waits."""


class NotReady(Unavailable):
    """Handrail did not become ready: HANDRAIL_HOME/log says why."""


class HomeTaken(Unavailable):
    """A Handrail runs in this home already: use that one, stop it, or choose another HANDRAIL_HOME."""


class Stage(Protocol):
    """What a demo shows in front of a whole Handrail."""

    settings: Mapping[str, str]  # for the environment, where it does not say otherwise
    api: tuple[str, ...]  # the API's process: arguments of our Python

    def show(self, settings: Settings, watch: Watch) -> AbstractContextManager[str]:
        """Put it up, once the processes run; while the block runs it is there. Gives what to say of it."""
        ...


def run_demo(stage: Stage) -> None:
    """Run the demo until SIGTERM or Ctrl-C. Raises PortTaken, HomeTaken, NotReady."""
    for name, value in (DEMO | dict(stage.settings)).items():
        os.environ.setdefault(name, value)
    get_settings.cache_clear()
    settings = get_settings()
    log.configure("WARNING")
    try:
        while True:
            _run_once(settings, stage)
    except embedded.ServersTaken:
        raise HomeTaken from None
    except KeyboardInterrupt:
        typer.echo("Handrail has stopped.")


def _run_once(settings: Settings, stage: Stage) -> None:
    """Run until the end, or until one of our own servers ends by itself: then all of it must start again."""
    for number in (signal.SIGTERM, signal.SIGINT):  # also where a shell has made us ignore Ctrl-C
        signal.signal(number, _interrupt)
    began = time.monotonic()
    try:
        with _servers(settings):
            check_port(settings.host, settings.port)
            _supervise(get_settings(), stage)
    except embedded.ServerEnded as error:
        if time.monotonic() - began < SHORTEST_LIFE:
            raise  # it would only end again
        typer.echo(f"{error.detail} Handrail starts again.", err=True)


@contextmanager
def _servers(settings: Settings) -> Iterator[None]:
    """Our servers, unless others are configured; this process's settings point at them."""
    if not settings.embedded:
        queue.connect()
        yield
        return
    with embedded.servers(settings.home, pool=settings.pool_size) as addresses:
        os.environ.update(addresses.as_environment())
        get_settings.cache_clear()
        queue.connect()
        yield


def _supervise(settings: Settings, stage: Stage) -> NoReturn:
    children = make_children(settings, stage.api)
    try:
        schema.migrate()
        for child in children:
            child.start()
        with stage.show(settings, lambda: _watch(children)) as words:
            _wait_until_ready(settings, children)
            typer.echo(words)
            while True:
                embedded.check()
                _watch(children)
                time.sleep(POLL_SECONDS)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stop(children, STOP_SECONDS)
        db.dispose()


def make_children(settings: Settings, api: tuple[str, ...]) -> tuple[Child, ...]:
    """The processes of a whole Handrail. To add one: its name and how it is called."""
    commands = {
        "api": api,
        "chat": ("-m", "ops.cli", "worker", "chat"),
        "index": ("-m", "ops.cli", "worker", "index"),
        "scheduler": ("-m", "ops.cli", "scheduler"),
        "nightly": ("-m", "ops.cli", "nightly", "--wait"),
        "gate": ("-m", "ops.cli", "kb", "try", "--wait"),
    }
    folder = settings.home / "log"
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(Child(name, command, folder / f"{name}.log") for name, command in commands.items())


def _watch(children: Collection[Child]) -> None:
    for child in children:
        if (code := child.watch()) is not None:
            typer.echo(f"{child.name} ended with code {code} and is started again: see {child.log}.", err=True)


def _wait_until_ready(settings: Settings, children: Collection[Child]) -> None:
    until = time.monotonic() + READY_SECONDS
    with httpx2.Client(base_url=f"http://{settings.host}:{settings.port}", timeout=5) as client:
        while time.monotonic() < until:
            if _is_ready(client):
                return
            _watch(children)
            time.sleep(POLL_SECONDS)
    raise NotReady


def _is_ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").status_code == httpx2.codes.OK
    except httpx2.HTTPError:
        return False


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
