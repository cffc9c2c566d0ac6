"""`handrail site create`, `handrail site notices` and `handrail orders import`."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from core.errors import BadRequest, Conflict
from web.commands.place import at_home

# The names alone: the tools themselves need the whole search. A test compares.
TOOLS = ("search_kb", "get_order", "create_ticket", "handoff_human")

site = typer.Typer(help="Sites: each has its own knowledge, visitors and tools.", no_args_is_help=True)
orders = typer.Typer(help="Orders that the agent can look up.", no_args_is_help=True)


@site.command("create")
def create_site(
    site_id: Annotated[str, typer.Argument(metavar="ID", help="Letters, digits, `.`, `-` and `_`.")],
    name: Annotated[str, typer.Option(help="The shop's name, as the agent says it.")],
) -> None:
    """Make a site and print its API key, once."""
    key = f"hr_{secrets.token_urlsafe(32)}"
    with at_home():
        from core.db import transaction

        with transaction() as session:
            if not make_site(session, site_id, name, key):
                raise Conflict(f"The site {site_id} exists already: choose another id.")
    typer.echo(f"The site {site_id} is there. Its API key, shown only now:\n{key}")


def make_site(session: object, site_id: str, name: str, key: str) -> bool:
    """Insert the site with every tool switched on; False where it exists."""
    import re

    from sqlalchemy.dialects.postgresql import insert
    from sqlalchemy.orm import Session

    from core.models import Site
    from web.keys import hash_key

    if not re.fullmatch(r"[\w.-]{1,64}", site_id, re.ASCII):
        raise BadRequest("A site's id has 1 to 64 letters, digits, `.`, `-` and `_`.")
    assert isinstance(session, Session)
    row = {
        "id": site_id,
        "name": name,
        "api_key_hash": hash_key(key),
        "identity_secret": secrets.token_urlsafe(48),
        "tools": list(TOOLS),
    }
    return session.scalar(insert(Site).values(row).on_conflict_do_nothing().returning(Site.id)) is not None


@site.command("notices")
def set_notices(
    site_id: Annotated[str, typer.Argument(metavar="SITE")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where they are sent; an empty one sends none any more.")],
    *,
    secret: Annotated[str | None, typer.Option(help="`whsec_…` to sign with; without it, one is made.")] = None,
    new_secret: Annotated[bool, typer.Option("--new-secret", help="Make a new one, although there is one.")] = False,
) -> None:
    """Tell a URL of each new ticket and handoff of the site, signed as Standard Webhooks are."""
    with at_home() as settings:
        from core.db import transaction
        from web.deps import find_site
        from web.outgoing.destinations import reachable
        from web.outgoing.signing import key_of, make_secret

        if url:
            url = reachable(url, settings.outgoing_private_hosts)
        if secret is not None:
            key_of(secret)
        with transaction() as session:
            row = find_site(session, site_id)
            made = make_secret() if secret is None and url and (new_secret or not row.notices_secret) else None
            row.notices_url, row.notices_secret = url, secret or made or row.notices_secret
    typer.echo(f"{site_id} tells {url} of tickets and handoffs." if url else f"{site_id} sends no notices.")
    if made:
        typer.echo(f"They are signed with this secret, shown only now:\n{made}")


@orders.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON as WooCommerce writes it, or CSV.")],
    site_id: Annotated[str, typer.Option("--site", help="The site whose orders they are.")],
) -> None:
    """Insert or replace orders from a file. Exit code 1 when rows had to be left out."""
    with at_home():
        from core.db import transaction
        from tools.importer import import_orders
        from web.deps import find_site

        with transaction() as session:
            find_site(session, site_id)
            done = import_orders(session, site_id, file)
    for fault in done.faults:
        typer.echo(f"row {fault.line}: {fault.reason}", err=True)
    typer.echo(f"{done.saved} orders are in the table, {len(done.faults)} rows were left out.")
    if done.faults:
        raise typer.Exit(1)
