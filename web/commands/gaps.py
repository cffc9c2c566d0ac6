"""`handrail gaps`: what visitors ask and nothing answers."""

from dataclasses import asdict
from typing import Annotated

import typer

from web.commands.place import at_home


def gaps(
    site: Annotated[str, typer.Argument(help="The site's id.")],
    *,
    days: Annotated[int, typer.Option(min=1, max=365, help="How far back to look.")] = 30,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show questions that ended without an answer, those of one meaning together, with how many people asked."""
    with at_home():
        import json as form

        from core.db import reading
        from orchestrator.gaps import gaps as find_gaps
        from web.deps import find_site

        with reading() as session:
            find_site(session, site)
            found = find_gaps(session, site, days)
    if json:
        typer.echo(form.dumps([asdict(gap) for gap in found], default=str, ensure_ascii=False, indent=2))
        return
    lines = [f"{gap.people:>4} people {gap.times:>4} times  {gap.question}" for gap in found]
    typer.echo("\n".join(lines) or f"Every question of the last {days} days was answered.")
