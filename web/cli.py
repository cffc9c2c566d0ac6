"""The command line `handrail`: the product's commands. `ops/cli.py` adds the demo and the judging."""

import sys

import typer

from core.errors import HandrailError
from web.commands import (
    ask,
    budgets,
    desk,
    erasing,
    evidence,
    gaps,
    helpdesk,
    hours,
    index,
    kb,
    keys,
    mail,
    modes,
    origins,
    outbox,
    processes,
    replay,
    retention,
    sites,
    slack,
    staff,
    tickets,
    webhooks,
)

sites.site.command()(modes.mode)
sites.site.command()(budgets.budget)
sites.site.command()(hours.hours)
sites.site.command()(hours.wait)
sites.site.command("origins")(origins.set_origins)
sites.site.command()(retention.retention)
sites.site.command("webhooks")(webhooks.set_webhooks)
sites.site.command("mail")(mail.set_mail)
sites.site.command("helpdesk")(helpdesk.set_helpdesk)
sites.site.command("slack")(slack.show_in_slack)
sites.site.command("list")(slack.list_sites)


def make_cli() -> typer.Typer:
    """The product's commands. To add one: write its file in `commands/`, add it here."""
    cli = typer.Typer(help="A support agent for WordPress sites.", no_args_is_help=True)
    for command in (processes.serve, processes.scheduler, processes.migrate, index.index, ask.ask, replay.replay):
        cli.command()(command)
    cli.command()(processes.worker)
    cli.command()(evidence.evidence)
    cli.command()(gaps.gaps)
    cli.command()(erasing.erase)
    cli.command("probe-erased")(erasing.probe_erased)
    cli.add_typer(erasing.receipt, name="receipt")
    cli.add_typer(sites.site, name="site")
    cli.add_typer(sites.orders, name="orders")
    cli.add_typer(kb.kb, name="kb")
    cli.add_typer(keys.keys, name="keys")
    cli.add_typer(desk.desk, name="desk")
    cli.add_typer(staff.staff, name="staff")
    cli.add_typer(tickets.tickets, name="tickets")
    cli.add_typer(mail.mail, name="mail")
    cli.add_typer(outbox.outbox, name="outbox")
    cli.add_typer(webhooks.webhooks, name="webhooks")
    return cli


def run(cli: typer.Typer) -> None:
    """Run the command that was typed; what goes wrong is one plain line on standard error, and exit code 1."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    try:
        cli()
    except HandrailError as error:
        typer.echo(error.detail, err=True)
    except OperationalError:
        typer.echo("The database can't be reached: check DATABASE_URL and that PostgreSQL runs.", err=True)
    except ProgrammingError as error:
        if "UndefinedTable" not in repr(error):
            raise
        typer.echo("The database has no tables yet: run `handrail migrate` first.", err=True)
    sys.exit(1)
