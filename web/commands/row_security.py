"""`handrail kb row-security`: have PostgreSQL itself keep each search inside its site."""

from enum import StrEnum
from typing import Annotated

import typer

from web.commands.place import at_home


class Switch(StrEnum):
    """What to do."""

    ON = "on"
    OFF = "off"
    STATUS = "status"


def row_security(
    switch: Annotated[Switch, typer.Argument(metavar="on|off|status", help="status changes nothing.")] = Switch.STATUS,
) -> None:
    """Let searches read as a role that sees one site's rows alone. Exit code 1: policies and setting disagree.

    It covers what searches read, not the indexer and the commands: those work as the tables' owner.
    """
    with at_home() as settings:
        from core.db import transaction
        from kb.index.row_security import TABLES, protected, turn_off, turn_on

        with transaction() as session:
            if switch is Switch.ON:
                turn_on(session)
            elif switch is Switch.OFF:
                turn_off(session)
            on = protected(session)
    typer.echo(f"Row-level security is {'on' if on else 'off'}: {len(on)} of {len(TABLES)} tables.")
    if settings.row_security != (len(on) == len(TABLES)):
        wanted = "true" if on else "false"
        typer.echo(f"Searches don't know: set HANDRAIL_ROW_SECURITY={wanted} and start the processes anew.", err=True)
        raise typer.Exit(int(switch is Switch.STATUS))
