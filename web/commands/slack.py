"""`handrail site slack` and `handrail site list`: where sites show themselves to staff, and what keeps them from it."""

from typing import Annotated

import typer

from web.commands.place import at_home


def show_in_slack(
    site_id: Annotated[str, typer.Argument(metavar="SITE")],
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Its id, C0123ABC; an empty one: no Slack.")],
) -> None:
    """Post the site's handoffs to a Slack channel; what could not be posted before follows."""
    with at_home() as settings:
        from core.db import transaction
        from web.deps import find_site
        from web.slack.setting import check, show_in

        name = check(settings, channel) if channel else ""
        with transaction() as session:
            again = show_in(session, find_site(session, site_id), channel)
    typer.echo(f"{site_id} shows its handoffs in #{name}." if channel else f"{site_id} is not shown in Slack any more.")
    if again:
        typer.echo(f"{again} things that had not arrived follow now.")


def list_sites() -> None:
    """List the sites, how far the agent may go on each, and whether Slack shows it."""
    with at_home():
        from sqlalchemy import select

        from core.db import transaction
        from core.models import Site

        with transaction() as session:
            rows = session.scalars(select(Site).order_by(Site.id)).all()
            lines = [_line(row.id, row.name, row.mode, row.slack_channel, row.slack_fault) for row in rows]
    typer.echo("\n".join(lines) or "There is no site yet: make one with `handrail site create ID --name NAME`.")


def _line(site: str, name: str, mode: str, channel: str, fault: str) -> str:
    slack = f"Slack {channel}" if channel else "no Slack"
    return f"{site:<16}  {mode:<7}  {slack:<16}  {name}" + (f"\n    Slack: {fault}" if channel and fault else "")
