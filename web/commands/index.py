"""`handrail index`: register what lies at a path or URL, and show how each document fares."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from web.commands.place import at_home

if TYPE_CHECKING:
    from kb.registering import Registered

POLL_SECONDS = 0.2


def index(
    where: Annotated[str, typer.Argument(metavar="PATH|URL", help="A file, a folder, or the address of a page.")],
    site: Annotated[str, typer.Option(help="The site that is to know it.")],
) -> None:
    """Read documents into a site's knowledge. Exit code 1 when one of them failed."""
    from kb.registering import register_folder
    from kb.sources import find_sources

    with at_home():
        from core.db import transaction

        with transaction() as session:
            registered = register_folder(session, site_id=site, folder=find_sources(where))
        failed = follow(registered.documents, site)
        _sum_up(registered, failed)
    if failed:
        raise typer.Exit(1)


def follow(documents: Sequence[UUID], site_id: str) -> int:
    """Show progress until every document is done, by a worker if one is alive, else here. Returns how many failed."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    failed = 0
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("Indexing", total=len(documents))
        for title, state, reason in _finished(documents, site_id):
            failed += state == "failed"
            bar.update(task, advance=1)
            bar.console.print(f"{state:>8}  {title}{f': {reason}' if reason else ''}", markup=False, highlight=False)
    return failed


def _finished(documents: Sequence[UUID], site_id: str) -> Iterator[tuple[str, str, str]]:
    """(title, state, reason) of each document as it is done."""
    waiting = set(documents)
    while waiting:
        _work_here(site_id)
        for document_id, title, state, reason in _done(waiting):
            waiting.discard(document_id)
            yield title, state, reason
        if waiting:
            time.sleep(POLL_SECONDS)


def _work_here(site_id: str) -> None:
    """Index one document in this process, unless a worker is there to do it."""
    from core.db import transaction
    from kb.indexer import due, index_document
    from web.beats import alive_queues

    with transaction() as session:
        if "index" in alive_queues(session):
            return
    for document_id in due(site_id, limit=1):
        index_document(document_id)


def _done(waiting: set[UUID]) -> list[tuple[UUID, str, str, str]]:
    from sqlalchemy import or_, select

    from core.db import transaction
    from core.models import Document

    # What waits for another attempt is done for now; the sweep goes on with it.
    done = or_(Document.due_at.is_(None), Document.reason != "")
    with transaction() as session:
        rows = session.scalars(select(Document).where(Document.id.in_(waiting), done, Document.leased_until.is_(None)))
        return [(row.id, row.title or row.locator, row.state, row.reason) for row in rows]


def _sum_up(registered: "Registered", failed: int) -> None:
    total = len(registered.documents)
    beside = [f"{count} {name}" for name in ("removed", "archived", "skipped") if (count := getattr(registered, name))]
    typer.echo(", ".join([f"{total - failed} of {total} documents are live", *beside]) + ".")
