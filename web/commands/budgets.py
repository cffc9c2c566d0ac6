"""`handrail site budget`: what a site may spend on models in a day, and what it has spent today."""

from typing import Annotated

import typer

from core.errors import BadRequest
from web.commands.place import at_home

AS_SET = "default"
MICRO = 1_000_000


def budget(
    site_id: Annotated[str, typer.Argument(metavar="SITE")],
    dollars: Annotated[
        str, typer.Argument(metavar="[DOLLARS]", help="A day's ceiling; 0: none; `default`: as in the settings.")
    ] = "",
) -> None:
    """Show what the site spends on models today, or set its ceiling for a day."""
    wanted = _read(dollars)
    with at_home() as settings:
        from core.db import transaction
        from orchestrator.budget import today
        from web.deps import find_site

        with transaction() as session:
            site = find_site(session, site_id)
            if dollars:
                site.budget_day_micro = wanted
            own = site.budget_day_micro
            held, spent = today(session, f"site:{site_id}")
    ceiling = settings.budget_site_day_usd if own is None else own / MICRO
    limit = f"of ${ceiling:.2f} " if ceiling else ""
    typer.echo(f"{site_id}: ${spent / MICRO:.4f} {limit}spent today (UTC), ${held / MICRO:.4f} reserved.")


def _read(dollars: str) -> int | None:
    if dollars in {"", AS_SET}:
        return None
    try:
        amount = float(dollars.removeprefix("$"))
    except ValueError:
        amount = -1.0
    if not 0 <= amount < MICRO:
        raise BadRequest(f"{dollars} is no amount: give dollars such as 12.50, 0 for no ceiling, or `default`.")
    return round(amount * MICRO)
