"""How far the index is with a site's documents, as a person who has started a demo sees it."""

import time
from collections.abc import Callable

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import ColumnElement, func, select

from core import db
from core.models import Document

POLL_SECONDS = 0.1
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


def follow(which: ColumnElement[bool], count: int, words: str, watch: Callable[[], None]) -> None:
    """Show how many of the `count` documents are read, until nothing waits; then say which could not be."""
    if not count:
        return
    with Progress(*COLUMNS, console=Console(stderr=True)) as bar:
        task = bar.add_task(words, total=count)
        while (done := _count_done(which)) < count:
            bar.update(task, completed=done)
            watch()
            time.sleep(POLL_SECONDS)
        bar.update(task, completed=done)
    for title, reason in _failed(which):
        typer.echo(f"Not indexed: {title}: {reason}", err=True)


def _count_done(which: ColumnElement[bool]) -> int:
    with db.transaction() as session:
        return session.scalar(select(func.count()).where(which, Document.due_at.is_(None))) or 0


def _failed(which: ColumnElement[bool]) -> list[tuple[str, str]]:
    with db.transaction() as session:
        rows = session.scalars(select(Document).where(which, Document.state == "failed"))
        return [(row.title or row.locator, row.reason) for row in rows]
