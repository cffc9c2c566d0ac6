"""`handrail desk`: conversations and drafts that wait for a person, in the terminal."""

import getpass
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.privacy.tokens import closed
from web.commands.place import at_home

if TYPE_CHECKING:
    from core.models import Handoff
    from orchestrator.review import Held

desk = typer.Typer(help="Conversations that wait for a person. Alone, it lists them.", invoke_without_command=True)

Number = Annotated[int, typer.Argument(help="As the list shows it.")]
Name = Annotated[str, typer.Option("--as", help="Who you are.", default_factory=getpass.getuser)]
Draft = Annotated[str, typer.Argument(help="As `handrail desk drafts` shows it.")]
OfSite = Annotated[str | None, typer.Option("--site", help="Only this site.")]


@desk.callback()
def list_waiting(context: typer.Context, site: OfSite = None) -> None:
    """List the queue, oldest first."""
    if context.invoked_subcommand is not None:
        return
    with at_home():
        from core.db import transaction
        from orchestrator.desk import waiting

        with transaction() as session:
            rows = [_line(handoff) for handoff in waiting(session, site)]
    typer.echo("\n".join(rows) or "Nobody is waiting.")


@desk.command()
def show(number: Number, name: Name) -> None:
    """Show the whole conversation; the audit log says who looked."""
    with at_home():
        from sqlalchemy import select

        from core.db import transaction
        from core.models import Message, Note
        from orchestrator import audit
        from orchestrator.desk import find
        from orchestrator.people import operator
        from orchestrator.tokens import drawer

        with transaction() as session:
            handoff = find(session, number)
            wanted = select(Message).where(Message.thread_id == handoff.thread_id).order_by(Message.position)
            noted = select(Note).where(Note.thread_id == handoff.thread_id, Note.deleted_at.is_(None))
            subject = f"thread:{handoff.thread_id}"
            audit.note(session, operator(name), "thread.read", subject, handoff.site_id, address="terminal")
            opened = drawer(session, handoff.thread_id).opened
            lines = [_line(handoff)]
            lines += [f"{row.created_at:%H:%M} {row.role}: {opened(row.content)}" for row in session.scalars(wanted)]
            lines += [
                f"{row.created_at:%H:%M} (note) {row.author}: {opened(row.content)}" for row in session.scalars(noted)
            ]
    typer.echo("\n".join(lines))


@desk.command()
def claim(number: Number, name: Name) -> None:
    """Take a conversation: the agent is silent from now on."""
    _act("claim", number, name)
    typer.echo(f'{number} is yours: answer with `handrail desk reply {number} "…"`.')


@desk.command()
def reply(number: Number, text: Annotated[str, typer.Argument(help="What the visitor reads.")], name: Name) -> None:
    """Say something to the visitor."""
    _act("reply", number, name, text)
    typer.echo("Sent.")


@desk.command("return")
def give_back(number: Number, name: Name) -> None:
    """Give a conversation back to the agent."""
    _act("give_back", number, name)
    typer.echo("The agent has it again.")


@desk.command()
def resolve(number: Number, name: Name) -> None:
    """Close a conversation's case."""
    _act("resolve", number, name)
    typer.echo("Resolved.")


@desk.command("drafts")
def list_drafts(site: OfSite = None) -> None:
    """List the drafts that wait for approval, oldest first."""
    with at_home():
        from core.db import transaction
        from orchestrator.review import drafts

        with transaction() as session:
            rows = [_draft_lines(held) for held in drafts(session, site)]
    typer.echo("\n\n".join(rows) or "No draft is waiting.")


@desk.command()
def approve(
    draft: Draft, name: Name, text: Annotated[str | None, typer.Option(help="Send this instead.")] = None
) -> None:
    """Send a draft to the visitor, as it is or edited."""
    with at_home():
        from core.db import transaction
        from orchestrator import review
        from orchestrator.people import operator

        with transaction() as session:
            review.approve(session, draft, operator(name), text)
    typer.echo("Sent.")


@desk.command()
def refuse(
    draft: Draft, reason: Annotated[str, typer.Argument(help="For the staff: what is wrong with it.")], name: Name
) -> None:
    """Do not send a draft: the conversation waits for a person instead."""
    with at_home():
        from core.db import transaction
        from orchestrator import review
        from orchestrator.people import operator

        with transaction() as session:
            review.refuse(session, draft, operator(name), reason)
    typer.echo("Not sent. The conversation is in the queue: `handrail desk`.")


@desk.command("edits")
def list_edits(site: OfSite = None, days: Annotated[int, typer.Option(min=1, help="Of so many days.")] = 30) -> None:
    """Print drafts that staff changed or refused, one JSON object a line: material to judge by."""
    with at_home():
        import json
        from dataclasses import asdict
        from datetime import UTC, datetime, timedelta

        from core.db import transaction
        from orchestrator.edits import edits

        with transaction() as session:
            found = [asdict(edit) for edit in edits(session, site, datetime.now(UTC) - timedelta(days=days))]
    for edit in found:
        typer.echo(json.dumps(edit, default=str, ensure_ascii=False))


@desk.command()
def note(number: Number, text: Annotated[str, typer.Argument(help="For the staff alone.")], name: Name) -> None:
    """Write something down that no visitor sees."""
    with at_home():
        from core.db import transaction
        from orchestrator.desk import find, note
        from orchestrator.people import operator

        with transaction() as session:
            note(session, find(session, number).thread_id, operator(name), text, source="cli")
    typer.echo("Noted.")


@desk.command("take-over")
def take_over(number: Number, name: Name) -> None:
    """Take a conversation from whoever has it."""
    _act("take_over", number, name)
    typer.echo(f"{number} is yours.")


def _draft_lines(held: "Held") -> str:
    asked = held.asked.replace("\n", " / ")
    sources = "".join(f"\n    [{each['n']}] {each['title']} {each['url']}" for each in held.citations)
    head = f"{held.name}  {held.site_id}  {held.since:%Y-%m-%d %H:%M}  {held.kind}, {held.confidence:.0%} sure"
    return closed(f"{head}\n  asked: {asked}\n  draft: {held.text}{sources}")


def _act(what: str, number: int, name: str, *more: Any) -> None:
    with at_home():
        from core.db import transaction
        from orchestrator import desk as queue
        from orchestrator.people import operator

        act: Callable[..., object] = getattr(queue, what)
        with transaction() as session:
            act(session, number, operator(name), *more)


def _line(handoff: "Handoff") -> str:
    who = f"with {handoff.claimed_by}" if handoff.claimed_by else "waiting"
    return closed(
        f"{handoff.number:>4}  {handoff.site_id:<12}  {handoff.created_at:%Y-%m-%d %H:%M}  {who:<16}  {handoff.reason}"
    )
