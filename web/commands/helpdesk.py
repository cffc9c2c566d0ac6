"""`handrail site helpdesk`: where a site's tickets are mirrored."""

import os
from typing import Annotated

import typer

from core.errors import BadRequest
from web.commands.place import at_home

KINDS = ("zendesk", "freshdesk", "mail", "none")
TOKEN = "HANDRAIL_HELPDESK_TOKEN"  # noqa: S105 - the variable's name


def set_helpdesk(
    site_id: Annotated[str, typer.Argument(metavar="SITE")],
    kind: Annotated[str, typer.Argument(metavar="KIND", help="zendesk, freshdesk, mail or none.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="https://shop.zendesk.com; for mail, an address.")] = "",
    user: Annotated[str, typer.Argument(metavar="USER", help="The agent whose token it is: an e-mail address.")] = "",
) -> None:
    """Mirror tickets into a helpdesk. Its API token is asked for, or read from HANDRAIL_HELPDESK_TOKEN."""
    if kind not in KINDS:
        raise BadRequest(f"There is no helpdesk called {kind}: choose one of {', '.join(KINDS)}.")
    asks = kind in {"zendesk", "freshdesk"}
    token = (os.environ.get(TOKEN) or typer.prompt("API token", hide_input=True)) if asks else ""
    with at_home() as settings:
        from core.db import transaction
        from web.deps import find_site
        from web.mail.letter import address
        from web.outgoing.destinations import reachable

        if asks:
            url = reachable(url, settings.outgoing_private_hosts).rstrip("/")
            address(user)
        elif kind == "mail":
            address(url)
        with transaction() as session:
            row = find_site(session, site_id)
            row.helpdesk = {} if kind == "none" else {"kind": kind, "url": url, "user": user}
            row.helpdesk_token = token
    typer.echo(f"{site_id} keeps its tickets here alone." if kind == "none" else f"{site_id} mirrors tickets to {url}.")
