"""`handrail site mode`: how far the agent may go on a site."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from core.errors import BadRequest
from web.commands.place import at_home

SAYS = {
    "live": "The agent answers by itself.",
    "review": "A person approves drafts before they go out: `handrail desk drafts` lists them.",
    "shadow": "The agent says nothing of its own: every conversation goes to a person, its drafts stay in the journal.",
}


class Mode(StrEnum):
    """Who speaks to visitors."""

    LIVE = "live"
    REVIEW = "review"
    SHADOW = "shadow"


class Kind(StrEnum):
    """What a draft can be."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    ABSTAIN = "abstain"
    SMALLTALK = "smalltalk"


def mode(
    site_id: Annotated[str, typer.Argument(metavar="SITE")],
    to: Annotated[Mode, typer.Argument(metavar="live|review|shadow", help="Turns that are open keep theirs.")],
    kinds: Annotated[list[Kind] | None, typer.Option("--kind", help="review: drafts of this kind. Repeatable.")] = None,
    below: Annotated[float, typer.Option(min=0, max=1, help="review: drafts of less confidence than this.")] = 0.0,
) -> None:
    """Let the agent answer by itself, only after a person's approval, or not at all."""
    if (kinds or below) and to is not Mode.REVIEW:
        raise BadRequest("--kind and --below choose what is reviewed: give them with `review`.")
    wanted: dict[str, Any] = {"kinds": sorted(set(kinds or ())), "below": below} if kinds or below else {}
    with at_home():
        from core.db import transaction
        from web.deps import find_site

        with transaction() as session:
            site = find_site(session, site_id)
            site.mode, site.review = to.value, wanted
    typer.echo(SAYS[to])
