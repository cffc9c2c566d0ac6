"""`handrail site mail` and `handrail mail test`: what leaves by mail, and whether it arrives."""

from typing import Annotated
from uuid import uuid4

import typer

from core.errors import BadRequest
from web.commands.place import at_home

mail = typer.Typer(help="Mail that leaves.", no_args_is_help=True)
SiteId = Annotated[str, typer.Argument(metavar="SITE")]


def set_mail(
    site_id: SiteId,
    sender: Annotated[str, typer.Argument(metavar="FROM", help='"Shop <support@shop.example>"; "": none leaves.')],
    tickets_to: Annotated[str | None, typer.Option(help="Who hears of each new ticket; empty: nobody.")] = None,
) -> None:
    """Send confirmations, answers and transcripts from this address."""
    with at_home() as settings:
        from core.db import transaction
        from web.deps import find_site
        from web.mail.letter import address

        for given in filter(None, (sender, tickets_to)):
            address(given)
        with transaction() as session:
            row = find_site(session, site_id)
            row.mail_from = sender
            row.ticket_mail_to = row.ticket_mail_to if tickets_to is None else tickets_to
    typer.echo(f"{site_id} sends mail from {sender}." if sender else f"{site_id} sends no mail.")
    if sender and not settings.smtp_host:
        typer.echo("None leaves yet: set HANDRAIL_SMTP_HOST, then try `handrail mail test`.", err=True)


@mail.command("test")
def try_mail(site_id: SiteId, to: Annotated[str, typer.Argument(metavar="ADDRESS")]) -> None:
    """Send one letter now, and say what the mail server says."""
    with at_home() as settings:
        from core.db import transaction
        from web.deps import find_site
        from web.mail.letter import Stamp, message
        from web.mail.letters import Desk, test
        from web.mail.smtp import hand_over

        with transaction() as session:
            row = find_site(session, site_id)
            if not row.mail_from:
                raise BadRequest(f"{site_id} sends no mail yet: handrail site mail {site_id} FROM")
            letter = test(Desk(session, row, settings), {"to": to})
            made = message(letter, Stamp(row.mail_from, f"test:{uuid4()}"))
        hand_over(made, settings)
    typer.echo(f"The mail server has taken it for {to}.")
