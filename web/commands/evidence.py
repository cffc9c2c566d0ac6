"""`handrail evidence`: verify what an answer rested on, and say what has changed since."""

import json
from typing import Annotated
from uuid import UUID

import typer

from web.commands.place import at_home

CHANGED, NOT_VERIFIED = 3, 4  # exit codes; 1 is for what can't be looked at


def evidence(
    message: Annotated[UUID, typer.Argument(metavar="MESSAGE", help="The answer's id, or its turn's.")],
    *,
    json_: Annotated[bool, typer.Option("--json", help="The record, its signature and every finding as JSON.")] = False,
) -> None:
    """Verify the evidence of an answer. Exit code 3: something has changed since; 4: it is not as it was written."""
    with at_home() as settings:
        from core.db import transaction
        from orchestrator.verifying import verify
        from web.proofs import as_json, as_text

        with transaction() as session:
            found = verify(session, message, settings)
            told = json.dumps(as_json(found), ensure_ascii=False, indent=1) if json_ else as_text(found)
    typer.echo(told)
    if not found.intact:
        raise typer.Exit(NOT_VERIFIED)
    if not found.same:
        raise typer.Exit(CHANGED)
