"""`handrail outbox`: what is to leave, what did not arrive, and sending it again."""

from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadRequest, NotFound
from web.commands.place import at_home

if TYPE_CHECKING:
    from core.models import Outgoing

outbox = typer.Typer(help="What leaves for other services: notices of tickets and handoffs.", no_args_is_help=True)

SHOWN = 100


class NothingDead(NotFound):
    """There is no such dead letter: `handrail outbox list --dead` shows them."""


@outbox.command("list")
def list_all(
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only what is not tried any more.")] = False,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
) -> None:
    """List what has not arrived, oldest first, with the reason of the last failure."""
    with at_home():
        from sqlalchemy import select

        from core.db import transaction
        from core.models import Outgoing

        query = select(Outgoing).where(Outgoing.state.in_(["dead"] if dead else ["pending", "dead"]))
        query = query.where(Outgoing.site_id == site) if site else query
        with transaction() as session:
            rows = session.scalars(query.order_by(Outgoing.id).limit(SHOWN + 1)).all()
    typer.echo("\n".join(map(_line, rows[:SHOWN])) or "Everything has left.")
    if len(rows) > SHOWN:
        typer.echo(f"… and more: these are the oldest {SHOWN}.")


@outbox.command()
def retry(
    number: Annotated[int | None, typer.Argument(metavar="[ID]", help="As the list shows it.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that are dead.")] = False,
) -> None:
    """Send dead letters again, under the keys that they have, with all their attempts before them."""
    if (number is None) == (not everything):
        raise BadRequest("Say which: `handrail outbox retry ID`, or `handrail outbox retry --all`.")
    with at_home():
        from sqlalchemy import true

        from core.db import transaction
        from core.models import Outgoing
        from core.queue import Job, enqueue
        from web.outgoing.claims import revive

        with transaction() as session:
            count = revive(session, true() if everything else Outgoing.id == number)
            enqueue(session, Job.DELIVER)
    if not count and not everything:
        raise NothingDead
    typer.echo(f"{count} will be sent again.")


def _line(row: "Outgoing") -> str:
    what = f"{row.id:>6}  {row.state:<7}  {row.destination:<24}  {row.kind:<16}  {row.created_at:%Y-%m-%d %H:%M}"
    return f"{what}  {row.attempts} attempts  {row.reason}".rstrip()
