"""`handrail ask`: one question, along the same path as a visitor's message."""

import json
from typing import Annotated, Any
from uuid import UUID

import typer

from core.errors import Unavailable
from web.commands.place import at_home


def ask(
    question: Annotated[str, typer.Argument(help="What the visitor says.")],
    site: Annotated[str, typer.Option(help="The site that is asked.")],
    email: Annotated[str | None, typer.Option(help="Ask as the customer with this proven address.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask a site's agent one question."""
    with at_home() as settings:
        from core.db import transaction
        from web.deps import find_site
        from web.knowledge import ask as put_question

        with transaction() as session:
            thread_id, turn_id = put_question(session, find_site(session, site), question, channel="web", email=email)
        _see_to_it(thread_id, turn_id, settings.accept_seconds)
        answer = _answer(thread_id, turn_id)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        _show(answer)


def _see_to_it(thread_id: UUID, turn_id: UUID, seconds: float) -> None:
    """Wait for a worker; where none is alive, take the turn here."""
    from core.db import transaction
    from web.beats import alive_queues
    from web.waiting import wait_for_turn

    with transaction() as session:
        served = "chat" in alive_queues(session)
    if not served:
        from orchestrator.turn import take_turn

        take_turn(thread_id)
    if wait_for_turn(thread_id, turn_id, seconds) is None:
        raise Unavailable("No worker answered in time: see the log of `handrail worker chat`.")


def _answer(thread_id: UUID, turn_id: UUID) -> dict[str, Any]:
    from core.db import transaction
    from core.models import Turn
    from web.waiting import reply_of, words_of

    said = reply_of(turn_id)
    with transaction() as session:
        outcome = session.get_one(Turn, turn_id).outcome
    return {
        "answer": words_of(said),
        "citations": said.citations if said else [],
        "outcome": outcome,
        "thread_id": str(thread_id),
        "turn_id": str(turn_id),
    }


def _show(answer: dict[str, Any]) -> None:
    typer.echo(answer["answer"])
    for citation in answer["citations"]:
        title, section = citation["title"], citation["section"]
        named = section if section.startswith(title) else " › ".join(filter(None, (title, section)))
        typer.echo(f"  [{citation['n']}] {named}  {citation.get('link') or citation['url']}".rstrip())
    typer.echo(f"({answer['outcome']})")
