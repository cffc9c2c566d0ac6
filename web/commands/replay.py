"""`handrail replay`: run stored turns again from their events, and tell which would go otherwise now."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from core.errors import BadRequest
from web.commands.place import at_home


def replay(
    turn: Annotated[UUID | None, typer.Argument(metavar="TURN", help="The turn's id.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every stored turn.")] = False,
    since: Annotated[datetime | None, typer.Option(help="Every turn since this moment (UTC).")] = None,
) -> None:
    """Replay turns without any live call. Exit code 1 when one of them differs."""
    if turn is None and not every and since is None:
        raise BadRequest("Name a turn, or give --all or --since.")
    with at_home():
        from core.db import transaction
        from orchestrator.replay import ended_turns
        from orchestrator.replay import replay as replay_turn

        with transaction() as session:
            turns, different = [turn] if turn else ended_turns(session, _in_utc(since)), 0
        for turn_id in turns:
            with transaction() as session:
                difference = replay_turn(session, turn_id)
            if difference is not None:
                different += 1
                typer.echo(str(difference))
    typer.echo(f"{len(turns) - different} of {len(turns)} turns go as they went.")
    if different:
        raise typer.Exit(1)


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=moment.tzinfo or UTC)
