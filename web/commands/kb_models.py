"""`handrail kb reembed`: another embedding model for a site, with nothing offline meanwhile."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from web.commands.place import at_home

if TYPE_CHECKING:
    from kb.embeddings.reembedding import Switch

POLL_SECONDS = 0.5


def reembed(
    site: Annotated[str, typer.Option("--site", help="The site.")],
    model: Annotated[
        str | None, typer.Option(help="`minilm`, or `openai:` and a name; without it, the one in the settings.")
    ] = None,
) -> None:
    """Make vectors of another model beside those that are there, then search with them; run it again to go on."""
    with at_home():
        from kb.embeddings.embedder import embedder_named, get_embedder
        from kb.embeddings.reembedding import begin, forget_old

        embedder = embedder_named(model, patient=True) if model else get_embedder(patient=True)
        if not begin(site, embedder):
            typer.echo(f"{site} is searched with {embedder.name} already.")
            return
        _follow(site)
        while forget_old():
            pass
    typer.echo(f"{site} is searched with {embedder.name} now; the old vectors are deleted.")


def _follow(site: str) -> None:
    """Show how far it is, until it is done, by a worker if one is alive, else here."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Embedding", total=None)
        while (switch := _look(site)) is not None:
            bar.update(task, total=switch.total, completed=switch.done)
            if not _work_here(site):
                time.sleep(POLL_SECONDS)


def _look(site: str) -> "Switch | None":
    from core.db import transaction
    from kb.embeddings.reembedding import switch_of

    with transaction() as session:
        return switch_of(session, site)


def _work_here(site: str) -> bool:
    """Make some vectors in this process, unless a worker is there to do it."""
    from core.db import transaction
    from kb.embeddings.reembedding import reembed
    from web.beats import alive_queues

    with transaction() as session:
        if "index" in alive_queues(session):
            return False
    reembed(site, seconds=POLL_SECONDS)
    return True
