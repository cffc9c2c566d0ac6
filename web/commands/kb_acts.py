"""`handrail kb add`, `remove`, `retry`, `reindex`, `pause`, `resume`, `cancel`: what is done with documents."""

from typing import TYPE_CHECKING, Annotated, Protocol
from uuid import UUID

import typer

from core.errors import BadRequest, DocumentNotFound
from web.commands.place import at_home

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SiteOption = Annotated[str, typer.Option("--site", help="The site.")]
Which = Annotated[
    str | None,
    typer.Argument(metavar="[DOCUMENT]", help="Its path, address or id, or the end of it; else all."),
]


class Act(Protocol):
    """What is done with all documents of a site, or with one; gives how many it was done with."""

    def __call__(self, session: "Session", site_id: str, document_id: UUID | None) -> int:
        """Do it."""
        ...


def add(
    where: Annotated[str, typer.Argument(metavar="PATH|URL", help="A file, or the address of a page.")],
    site: SiteOption,
    *,
    title: Annotated[str, typer.Option(help="Instead of its own.")] = "",
    url: Annotated[str, typer.Option(help="Where citations lead to.")] = "",
    channel: Annotated[list[str] | None, typer.Option(help="Only in this one; give it again for more.")] = None,
) -> None:
    """Register one document and return at once: a worker reads it."""
    with at_home():
        from dataclasses import replace

        from core.db import transaction
        from kb.documents.registering import register
        from kb.sources.source import find_sources

        sources = find_sources(where).sources
        if len(sources) != 1:
            raise BadRequest(f"{where} is not one document: use `handrail index {where} --site {site}`.")
        source = replace(sources[0], title=title or sources[0].title, url=url or sources[0].url)
        source = replace(source, channels=tuple(channel)) if channel else source
        with transaction() as session:
            made = register(session, site_id=site, source=source)
            said = f"{made.id} {made.state}: `handrail kb history {made.id} --site {site}` shows how it fares."
    typer.echo(said)


def remove(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Its path, address or id, or the end of it.")],
    site: SiteOption,
) -> None:
    """Stop a document from answering, at once; then look whether it is found still."""
    with at_home():
        from core.db import transaction
        from kb.documents.probing import verify_removed
        from kb.documents.registering import remove as take_out
        from kb.documents.steering import find_document

        with transaction() as session:
            found = find_document(session, site, document)
            take_out(session, site_id=site, locator=found.locator, reason="removed by an operator")
        still_there = verify_removed()
    typer.echo(f"{found.locator} does not answer any more.")
    if still_there:
        typer.echo(f"A search finds it still: see `handrail kb history {found.id} --site {site}`.", err=True)
        raise typer.Exit(1)


def retry(site: SiteOption, document: Which = None) -> None:
    """Read what failed, or what waits for another attempt, now."""
    from kb.documents import steering

    count = _act(site, document, steering.retry)
    typer.echo(
        f"{count} will be read again." if count else "Nothing has failed, and nothing waits for another attempt."
    )


def reindex(site: SiteOption, document: Which = None) -> None:
    """Prepare all documents anew, or one, even if nothing has changed; they go on answering meanwhile."""
    from kb.documents import steering

    typer.echo(f"{_act(site, document, steering.reindex)} will be prepared anew.")


def pause(site: SiteOption, document: Which = None) -> None:
    """Have a document, or all of a site's, not be read until `handrail kb resume`; what is live goes on answering."""
    from kb.documents import steering

    count = _act(site, document, steering.pause)
    typer.echo(f"Paused; {count} wait: `handrail kb resume --site {site}{f' {document}' if document else ''}`.")


def resume(site: SiteOption, document: Which = None) -> None:
    """Let it go on."""
    from kb.documents import steering

    count = _act(site, document, lambda session, site_id, one: steering.pause(session, site_id, one, paused=False))
    typer.echo(f"Resumed; {count} are to be read.")


def cancel(site: SiteOption, document: Which = None) -> None:
    """Have what waits or is being read not be read; what is live stays as it is."""
    from kb.documents import steering

    typer.echo(f"{_act(site, document, steering.cancel)} cancelled: `handrail kb reindex` has them read after all.")


def _act(site: str, document: str | None, act: Act) -> int:
    with at_home():
        from core.db import transaction
        from kb.documents.steering import checked_site, find_document

        with transaction() as session:
            checked_site(session, site)
            found = find_document(session, site, document) if document else None
            if found is not None and found.state == "removed":
                raise DocumentNotFound(f"{found.locator} was removed: `handrail kb add` brings it back.")
            return act(session, site, found.id if found else None)
