"""`handrail kb gate`, `waiting`, `let-live`, `throw-away`: changed documents that wait until their questions hold."""

from enum import StrEnum
from typing import Annotated

import typer

from web.commands.kb_acts import SiteOption
from web.commands.place import at_home

Document = Annotated[str, typer.Argument(metavar="DOCUMENT", help="Its path, address or id, or the end of it.")]


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


def gate(
    switch: Annotated[Switch, typer.Argument(help="on: a changed document goes live once its questions hold.")],
    site: Annotated[str, typer.Argument(metavar="SITE", help="The site.")],
) -> None:
    """Switch the gate on or off; off lets everything live that waits."""
    with at_home():
        from core.db import transaction
        from kb.documents import staging
        from kb.documents.steering import checked_site

        with transaction() as session:
            checked_site(session, site)
            staging.set_gate(session, site, on=switch is Switch.ON)
    if switch is Switch.ON:
        typer.echo(
            f"Changed documents of {site} go live once their questions hold: `handrail kb waiting --site {site}`."
        )
    else:
        typer.echo(f"Changed documents of {site} go live at once.")


def waiting(site: SiteOption) -> None:
    """Show what waits behind the gate, and which answers would change."""
    with at_home():
        from core.db import transaction
        from kb.documents import staging

        with transaction() as session:
            lines = []
            for staged, document in staging.waiting(session, site):
                state = "waits for a person" if staged.state == "held" else "is tried before long"
                lines.append(f"{document.id}  {document.title or document.locator}: {state}")
                questions = staged.report.get("questions", ())
                lines += [f"    {one['verdict']}: {one['why']}" for one in questions if one["why"]]
    typer.echo("\n".join(lines) or "Nothing waits.")


def let_live(document: Document, site: SiteOption) -> None:
    """Put a changed document in place of what is live, whatever its questions say."""
    with at_home():
        from core.db import transaction
        from kb.documents import staging
        from kb.documents.steering import find_document

        with transaction() as session:
            staging.let_live(session, find_document(session, site, document).id, "let live on the command line")
    typer.echo("It is live.")


def throw_away(document: Document, site: SiteOption) -> None:
    """Keep what is live, and drop the change; the same change is not asked about again."""
    with at_home():
        from core.db import transaction
        from kb.documents import staging
        from kb.documents.steering import find_document

        with transaction() as session:
            staging.throw_away(session, find_document(session, site, document).id, "thrown away on the command line")
    typer.echo("What was live stays.")
