"""`handrail site retention`: for how long a site keeps what."""

from typing import Annotated

import typer

from web.commands.place import at_home

SiteId = Annotated[str, typer.Argument(metavar="SITE")]
DAYS = "Days, `forever`, or `default`: as the settings say."


def retention(
    site_id: SiteId,
    *,
    conversations: Annotated[str | None, typer.Option(help=f"Since the last words. {DAYS}")] = None,
    events: Annotated[str | None, typer.Option(help=f"What other systems told, and what left for them. {DAYS}")] = None,
    evidence: Annotated[str | None, typer.Option(help=f"What answers rested on. {DAYS}")] = None,
    audit: Annotated[str | None, typer.Option(help=f"Who of the staff saw and did what. {DAYS}")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, although conversations go within the hour.")] = False,
) -> None:
    """Say for how long a site keeps what; alone, show it. A conversation that people still work on is held."""
    given = {"conversations": conversations, "events": events, "evidence": evidence, "audit": audit}
    with at_home() as settings:
        from core.db import transaction
        from orchestrator.retention import checked, periods, waiting
        from web.deps import find_site

        wanted = {kind: checked(kind, words) for kind, words in given.items() if words is not None}
        with transaction() as session:
            site = find_site(session, site_id)
            own = {kind: days for kind, days in (site.retention | wanted).items() if days is not None}
            days = periods(own, settings)
            count = waiting(session, site_id, days["conversations"])
            if "conversations" in wanted and count.due and not yes:
                typer.confirm(f"{count.due} conversations are older, and go within the hour. Go on?", abort=True)
            site.retention = own
    for kind, length in days.items():
        whose = "" if kind in own else " (as the settings say)"
        typer.echo(f"{kind:<14} {f'{length:g} days' if length else 'for ever'}{whose}")
    if days["conversations"]:
        typer.echo(f"{count.due} conversations are due, {count.held} are old but held: people still work on them.")
