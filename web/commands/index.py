"""`handrail index`: register what lies at a path or URL, and show how each document fares, and how quickly."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from web.commands.place import at_home

if TYPE_CHECKING:
    from rich.progress import Progress

    from kb.documents.registering import Registered

POLL_SECONDS = 0.2
SHOWN = 50  # of more documents than these, only those are named that are not live
ASKED = 2_000  # documents that one look asks for


@dataclass(frozen=True)
class Fate:
    """How one document fared."""

    title: str
    state: str
    reason: str
    chunks: int


@dataclass
class Tally:
    """How many documents are done, with how many chunks, in how many seconds."""

    total: int
    live: int = 0
    failed: int = 0
    waiting: int = 0
    chunks: int = 0
    begun: float = field(default_factory=time.monotonic)

    def add(self, fate: Fate) -> None:
        """Count one more."""
        self.live += fate.state == "live" and not fate.reason
        self.failed += fate.state == "failed"
        self.waiting += fate.state not in {"live", "failed", "removed"}
        self.chunks += fate.chunks

    @property
    def rate(self) -> str:
        """Documents and chunks a second."""
        seconds = max(time.monotonic() - self.begun, 0.001)
        done = self.live + self.failed + self.waiting
        return f"{done / seconds:,.0f} documents/s, {self.chunks / seconds:,.0f} chunks/s"


def index(
    where: Annotated[
        str, typer.Argument(metavar="PATH|URL", help="A file, a folder, the address of a page, or that of a sitemap.")
    ],
    site: Annotated[str, typer.Option(help="The site that is to know it.")],
) -> None:
    """Read documents into a site's knowledge. Exit code 1 when one of them failed."""
    with at_home():
        from core.db import transaction
        from kb.documents.registering import register_in_batches
        from kb.documents.steering import checked_site
        from kb.sources.sitemap_file import looks_like_sitemap
        from kb.sources.source import find_sources

        with transaction() as session:
            paused = checked_site(session, site).indexing_paused
        begun = time.monotonic()
        if "://" in where and looks_like_sitemap(where):
            registered = _crawl(where, site)
        else:
            registered = register_in_batches(site, find_sources(where))
        looked = time.monotonic() - begun
        if paused:
            typer.echo(f"Indexing of {site} is paused: `handrail kb resume --site {site}` lets it go on.", err=True)
            return
        tally = follow(registered.documents, site)
        _sum_up(registered, tally, looked)
        _tell_of_gate(site)
    if tally.failed:
        raise typer.Exit(1)


def _tell_of_gate(site_id: str) -> None:
    """A document is live also while its change waits: who has just sent one must hear that."""
    from core.db import transaction
    from kb.documents import staging

    with transaction() as session:
        count = sum(each.changes for each in staging.counted(session, site_id))
    if count:
        typer.echo(f"Changes that wait behind the gate: {count}. See `handrail kb waiting --site {site_id}`.", err=True)


def _crawl(url: str, site_id: str) -> "Registered":
    """Read a sitemap in this process, whoever else works; its pages wait for whoever indexes."""
    from sqlalchemy import select

    from core.db import transaction
    from core.models import Document, Sitemap
    from kb.documents.registering import Registered
    from kb.sources.sitemap import read_sitemap, register_sitemap

    with transaction() as session:
        sitemap_id = register_sitemap(session, site_id=site_id, url=url).id
    read_sitemap(sitemap_id)
    with transaction() as session:
        sitemap = session.get_one(Sitemap, sitemap_id)
        if sitemap.reason:
            typer.echo(f"{url}: {sitemap.reason}", err=True)
        waiting = select(Document.id).where(Document.sitemap_id == sitemap_id, Document.due_at.is_not(None))
        due = tuple(session.scalars(waiting.order_by(Document.due_at)))
        return Registered(due, unchanged=max(0, sitemap.pages - len(due)))


def follow(documents: Sequence[UUID], site_id: str) -> Tally:
    """Show progress until every document is done, by a worker if one is alive, else here. Returns how they fared."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tally = Tally(len(documents))
    with Progress(*columns, TextColumn("{task.fields[rate]}"), console=console) as bar:
        task = bar.add_task("Indexing", total=tally.total, rate="")
        for fate in _finished(documents, site_id):
            tally.add(fate)
            bar.update(task, advance=1, rate=tally.rate)
            if tally.total <= SHOWN or fate.state != "live":
                _show(bar, fate)
    return tally


def _show(bar: "Progress", fate: Fate) -> None:
    line = f"{fate.state:>8}  {fate.title}{f': {fate.reason}' if fate.reason else ''}"
    bar.console.print(line, markup=False, highlight=False, soft_wrap=True)


def _finished(documents: Sequence[UUID], site_id: str) -> Iterator[Fate]:
    """Each document as it is done."""
    waiting = dict.fromkeys(documents)
    while waiting:
        worked = _work_here(site_id)
        for document_id, fate in _done(list(waiting)[:ASKED]):
            del waiting[document_id]
            yield fate
        if waiting and not worked:
            time.sleep(POLL_SECONDS)


def _work_here(site_id: str) -> int:
    """Index some documents in this process, unless a worker is there to do it. Returns how many."""
    from core.db import transaction
    from kb.documents.indexer import index_waiting
    from web.beats import alive_queues

    with transaction() as session:
        if "index" in alive_queues(session):
            return 0
    return index_waiting(site_id)


def _done(waiting: list[UUID]) -> list[tuple[UUID, Fate]]:
    from sqlalchemy import func, or_, select

    from core.db import transaction
    from core.models import Chunk, Document

    # What waits for another attempt, or for somebody to resume it, is done for now.
    done = or_(Document.due_at.is_(None), Document.reason != "", Document.paused)
    chunks = select(func.count()).where(Chunk.document_id == Document.id).scalar_subquery()
    columns = (Document.id, Document.title, Document.locator, Document.state, Document.reason)
    asked = select(*columns, chunks).where(Document.id.in_(waiting), done, Document.leased_until.is_(None))
    with transaction() as session:
        rows = session.execute(asked).all()
        gone = set(waiting) - set(session.scalars(select(Document.id).where(Document.id.in_(waiting))))
    found = [(row[0], Fate(row[1] or row[2], row[3], row[4], row[5])) for row in rows]
    return found + [(one, Fate("", "removed", "somebody deleted it meanwhile", 0)) for one in gone]


def _sum_up(registered: "Registered", tally: Tally, looked: float) -> None:
    said = [f"{tally.live} of {tally.total} documents are live"] if tally.total else ["Nothing is new"]
    names = ("unchanged", "removed", "archived", "skipped")
    said += [f"{count} {name}" for name in names if (count := getattr(registered, name))]
    typer.echo(", ".join(said) + ".")
    seen = tally.total + registered.unchanged
    rate = f"{seen} files looked at in {looked:.2f} s"
    typer.echo(f"{rate}; then {tally.rate}." if tally.total else f"{rate}.", err=True)
    if tally.waiting:
        typer.echo("Some wait for another attempt: `handrail kb status` says why.", err=True)
