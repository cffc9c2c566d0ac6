"""`handrail tickets`: support cases, in the terminal."""

import getpass
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.privacy.tokens import closed
from web.commands.place import at_home

if TYPE_CHECKING:
    from core.models import Ticket

tickets = typer.Typer(help="Support cases that people answer by mail.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="As the list shows it.")]
Name = Annotated[str, typer.Option("--as", help="Who you are.", default_factory=getpass.getuser)]
STATES = ("open", "pending", "solved", "closed")


@tickets.command("list")
def list_tickets(
    *,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The solved and closed ones, too.")] = False,
) -> None:
    """List what is open, what is due first on top."""
    with at_home():
        from core.db import transaction
        from orchestrator import cases

        with transaction() as session:
            states = STATES if everything else cases.OPEN
            found = cases.tickets(session, [site] if site else None, states=states)
            lines = [_line(ticket) for ticket in found]
    typer.echo("\n".join(lines) or "No ticket is open.")


@tickets.command()
def show(number: Number, name: Name) -> None:
    """Show a ticket with its history; the audit log says who looked."""
    with at_home():
        from core.db import transaction
        from orchestrator import audit, cases
        from orchestrator.people import operator
        from orchestrator.tokens import opened

        with transaction() as session:
            ticket = cases.find(session, number)
            audit.note(session, operator(name), "ticket.read", f"ticket:{number}", ticket.site_id, address="terminal")
            body = opened(session, ticket.thread_id, ticket.body)
            lines = [_line(ticket), f"from {ticket.email or 'nobody whose address is known'}", "", body, ""]
            lines += [f"helpdesk: {ticket.external_url or ticket.external_id}"] if ticket.external_id else []
            history = cases.history(session, ticket)
            lines += [f"{line.at:%Y-%m-%d %H:%M}  {line.actor:<24}  {line.kind}" for line in history]
    typer.echo("\n".join(lines))


@tickets.command()
def assign(
    number: Number, to: Annotated[str, typer.Argument(help='Who has it from now on; "" for nobody.')], name: Name
) -> None:
    """Give a ticket to somebody."""
    with at_home():
        from core.db import transaction
        from orchestrator import cases
        from orchestrator.people import operator

        with transaction() as session:
            now = cases.find(session, number).assignee
            cases.assign(session, number, operator(name), to, instead_of=now)
    typer.echo(f"{number} is with {to or 'nobody'}.")


@tickets.command()
def reply(number: Number, text: Annotated[str, typer.Argument(help="What the visitor reads.")], name: Name) -> None:
    """Answer: in the chat, and by mail where the visitor has left it."""
    _act("reply", number, name, text)
    typer.echo("Sent.")


@tickets.command()
def solve(number: Number, name: Name) -> None:
    """The matter is settled."""
    _act("solve", number, name)
    typer.echo("Solved.")


@tickets.command()
def reopen(number: Number, name: Name) -> None:
    """It is not settled after all."""
    _act("reopen", number, name)
    typer.echo("Open again.")


def _act(act: str, number: int, name: str, *more: Any) -> None:
    with at_home():
        from core.db import transaction
        from orchestrator import cases
        from orchestrator.people import operator

        run: Callable[..., object] = getattr(cases, act)
        with transaction() as session:
            run(session, number, operator(name), *more)


def _line(ticket: "Ticket") -> str:
    due = f"due {ticket.due_at:%Y-%m-%d %H:%M}" if ticket.due_at and not ticket.replied_at else ""
    who = ticket.assignee or "nobody"
    return f"{ticket.number:>5}  {ticket.site_id:<12} {ticket.status:<8} {ticket.priority:<7} {who:<16} {due:<21} " + (
        closed(ticket.subject)
    )
