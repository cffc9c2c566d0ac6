"""`handrail site hours` and `handrail site wait`: when people are there, and how long a visitor waits for them."""

from typing import Annotated, Any

import typer

from core.errors import BadRequest
from web.commands.place import at_home

SiteId = Annotated[str, typer.Argument(metavar="SITE")]


def hours(
    site_id: SiteId,
    *,
    zone: Annotated[str, typer.Option(help="Whose clocks count, such as Europe/Berlin.")] = "",
    spans: Annotated[
        list[str] | None, typer.Option("--open", help='"mon-fri 09:00-17:00", or "2026-12-24 09:00-12:00". Repeatable.')
    ] = None,
    closed: Annotated[
        list[str] | None, typer.Option("--closed", help="2026-12-25: nobody is there. Repeatable.")
    ] = None,
    always: Annotated[bool, typer.Option("--always", help="Somebody is always there.")] = False,
) -> None:
    """Say when people are there; alone, show it. Out of hours a visitor who wants one is told, and a ticket opened."""
    with at_home():
        from datetime import UTC, datetime

        from core.db import transaction
        from tools.hours import checked, opens_at
        from web.deps import find_site

        with transaction() as session:
            site = find_site(session, site_id)
            if always:
                site.hours = {}
            elif zone or spans or closed:
                site.hours = checked({"zone": zone, **read_days(spans or [], closed or [])})
            known, opens = site.hours, opens_at(site.hours, datetime.now(UTC))
    typer.echo(
        "\n".join([*_lines(known), f"Nobody is there; next at {opens:%Y-%m-%d %H:%M %Z}." if opens else ""]).strip()
    )


def wait(
    site_id: SiteId,
    minutes: Annotated[
        float | None, typer.Argument(min=0.1, max=1440, help="Without it, HANDRAIL_HANDOFF_WAIT_MINUTES counts.")
    ] = None,
) -> None:
    """Say after how many minutes without a person a visitor is told, a ticket opened, and the channel reminded."""
    with at_home() as settings:
        from core.db import transaction
        from web.deps import find_site

        with transaction() as session:
            find_site(session, site_id).wait_minutes = minutes
    typer.echo(f"A visitor waits {minutes or settings.handoff_wait_minutes:g} minutes for a person.")


def read_days(spans: list[str], closed: list[str]) -> dict[str, Any]:
    """`days` and `dates` of what was typed. Raises BadRequest; what a day and a time are is checked elsewhere."""
    days: dict[str, list[list[str]]] = {}
    dates: dict[str, list[list[str]]] = {day: [] for day in closed}
    for given in spans:
        which, _, span = given.strip().lower().partition(" ")
        times = span.strip().split("-")
        for day in _days(which):
            (dates if day[:1].isdigit() else days).setdefault(day, []).append(times)
    return {"days": days, "dates": dates}


def _days(which: str) -> list[str]:
    from tools.hours import DAYS

    first, dash, last = which.partition("-")
    if not dash or which[:1].isdigit():
        return [which]
    if first not in DAYS or last not in DAYS:
        raise BadRequest(f"{which!r} is no row of days: write mon-fri, or one day.")
    start, end = DAYS.index(first), DAYS.index(last)
    return [*DAYS[start : end + 1]] if start <= end else [*DAYS[start:], *DAYS[: end + 1]]


def _lines(hours: dict[str, Any]) -> list[str]:
    from tools.hours import DAYS

    if not hours:
        return ["Somebody is always there."]
    days, dates = hours["days"], hours.get("dates", {})
    named = [*((day, days[day]) for day in DAYS if day in days), *sorted(dates.items())]  # the database forgets order
    return [
        hours["zone"],
        *(f"{day}  {', '.join('-'.join(span) for span in spans) or 'closed'}" for day, spans in named),
    ]
