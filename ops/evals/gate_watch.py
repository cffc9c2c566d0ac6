"""Waits for changed documents behind gates, and has each tried in a process of its own: models are loaded for that."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Annotated

import typer
from sqlalchemy import select

from core.db import transaction
from core.embedded import die_with_parent
from core.models import StagedDocument
from web.commands.place import at_home

LOOK_SECONDS = 2.0
REST_SECONDS = 30.0  # after a trial that broke, so that it is not tried in a rush
COMMAND = (sys.executable, "-m", "ops.cli", "kb", "try")


def try_changes(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Go on until this process ends, as a service.")] = False,
) -> None:
    """Try the changed documents that wait behind a gate: let them live, or keep them for a person."""
    with at_home() as settings:
        if wait:
            watch()
            return
        from ops.evals.gate import try_next

        count = 0
        while try_next(settings) is not None:
            count += 1
    typer.echo(f"{count} changed documents were tried." if count else "No changed document waits for a trial.")


def watch(sleep: Callable[[float], None] = time.sleep, run: Callable[[], int] | None = None) -> None:
    """Look again and again, until this process ends."""
    while True:
        broke = waits() and bool((run or _run)())
        sleep(REST_SECONDS if broke else LOOK_SECONDS)


def waits() -> bool:
    """Whether a change waits to be tried."""
    with transaction() as session:
        return session.scalar(select(StagedDocument.document_id).where(StagedDocument.state == "waiting")) is not None


def _run() -> int:
    made = subprocess.Popen(COMMAND, preexec_fn=die_with_parent())  # noqa: S603, PLW1509 - our own Python; no threads
    return made.wait()
