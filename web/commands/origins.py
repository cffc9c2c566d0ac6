"""`handrail site origins`: whose pages may ask for a site."""

from typing import Annotated

import typer

from web.commands.place import at_home


def set_origins(
    site_id: Annotated[str, typer.Argument(metavar="SITE")],
    given: Annotated[
        list[str] | None, typer.Argument(metavar="ORIGIN", help="https://shop.example; several are possible.")
    ] = None,
    *,
    none: Annotated[bool, typer.Option("--none", help="List none: HANDRAIL_ALLOWED_ORIGINS counts again.")] = False,
) -> None:
    """Say whose pages may carry the site's chat; alone, show it. It counts in every process within five seconds."""
    with at_home() as settings:
        from core.db import transaction
        from web.deps import find_site
        from web.origins import normal

        listed = list(dict.fromkeys(map(normal, given or [])))
        with transaction() as session:
            site = find_site(session, site_id)
            if listed or none:
                site.origins = listed
            known = list(site.origins)
    if known:
        typer.echo("\n".join(known))
    else:
        others = ", ".join(settings.allowed_origins) or "this Handrail's own pages"
        typer.echo(f"{site_id} lists none; allowed are: {others}.")
