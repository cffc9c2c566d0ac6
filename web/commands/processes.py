"""`serve`, `worker`, `scheduler`, `migrate`: the processes of an installation."""

from enum import StrEnum

import typer

from web.commands.place import at_home


class WorkerKind(StrEnum):
    """Which queues a worker serves."""

    CHAT = "chat"
    INDEX = "index"


def serve() -> None:
    """Serve the API until SIGTERM."""
    from web.app import make_app
    from web.server import serve as serve_app

    with at_home(level="INFO") as settings:
        _check_keys()
        serve_app(make_app(settings), settings)


def worker(kind: WorkerKind) -> None:
    """Work off a queue until SIGTERM: `chat` answers, `index` reads documents."""
    from web.worker import run

    with at_home(level="INFO"):
        _check_keys()
        raise typer.Exit(run(kind.value))


def scheduler() -> None:
    """Ring for the sweeps until SIGTERM."""
    from web.scheduler import run

    with at_home(level="INFO"):
        run()


def migrate() -> None:
    """Bring the database's schema to this version."""
    from core import schema

    with at_home():
        schema.migrate()
    typer.echo("The schema is up to date.")


def _check_keys() -> None:
    """A key that is missing, or mistaken, is told before anything is kept under another one, or under none."""
    from sqlalchemy.exc import SQLAlchemyError

    from core import log
    from core.db import transaction
    from core.sealing.known import register

    try:
        with transaction() as session:
            register(session)
    except SQLAlchemyError as error:  # it is away: readiness says so, and looks at the keys when it is back
        log.get_logger(__name__).warning("keys_not_checked", cause=repr(error))
