"""`handrail staff add|role|password|disable|enable|list`: who works here; the first admin is made so."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from web.commands.place import at_home

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from core.models import Staff

staff = typer.Typer(help="Who works here: accounts and roles.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL")]
Role = Annotated[str, typer.Option(help="agent, supervisor, auditor or admin.")]
Where = Annotated[str, typer.Option("--site", help="A site, or * for all of them.")]
FromInput = Annotated[bool, typer.Option("--stdin", help="Read the password from standard input.")]


@staff.command("add")
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="As visitors see it.")],
    role: Role = "agent",
    site: Where = "*",
    *,
    stdin: FromInput = False,
    no_password: Annotated[bool, typer.Option("--no-password", help="Only single sign-on opens it.")] = False,
) -> None:
    """Make an account with a role, and print its password, once."""
    from web.desk import accounts

    password = "" if no_password else _password(stdin=stdin)
    with _opened() as session:
        made = accounts.add(session, email, name, password)
        accounts.give_role(session, made, site, role)
        _note(session, "staff.added", made, site, role=role)
        found = made.email
    typer.echo(f"{found} is {role} on {'all sites' if site == '*' else site}: log in at /desk.")
    if password and not stdin:
        typer.echo(f"The password, shown only now:\n{password}")


@staff.command("role")
def change_role(
    email: Email, role: Annotated[str, typer.Argument(help='"" takes it away.')], site: Where = "*"
) -> None:
    """Give somebody a role on a site, in place of the one that they have there; it counts at once."""
    from web.desk import accounts

    with _opened() as session:
        found = accounts.named(session, email)
        before = accounts.roles_of(session, found.id).get(site, "")
        accounts.give_role(session, found, site, role)
        _note(session, "role.changed", found, site, before=before, role=role)
    typer.echo(f"{email} is {role or 'nothing'} on {'all sites' if site == '*' else site}.")


@staff.command("password")
def new_password(email: Email, *, stdin: FromInput = False) -> None:
    """Set a new password, print it, once, and log them out everywhere."""
    from web.desk import accounts

    password = _password(stdin=stdin)
    with _opened() as session:
        found = accounts.named(session, email)
        accounts.set_password(session, found, password)
        _note(session, "password.set", found)
    typer.echo(f"{email} is logged out everywhere." + ("" if stdin else f" The password, shown only now:\n{password}"))


@staff.command("disable")
def disable(email: Email) -> None:
    """Close an account, and log it out everywhere."""
    _disable(email, disabled=True)
    typer.echo(f"{email} can't log in any more: `handrail staff enable {email}` opens the account again.")


@staff.command("enable")
def enable(email: Email) -> None:
    """Open an account again."""
    _disable(email, disabled=False)
    typer.echo(f"{email} can log in again.")


@staff.command("list")
def list_staff() -> None:
    """Show all accounts with their roles."""
    from web.desk import accounts

    with _opened() as session:
        lines = [_line(one, roles) for one, roles in accounts.everybody(session)]
    typer.echo("\n".join(lines) or "Nobody has an account: `handrail staff add EMAIL --name NAME --role admin`.")


def _disable(email: str, *, disabled: bool) -> None:
    from web.desk import accounts

    with _opened() as session:
        found = accounts.named(session, email)
        accounts.disable(session, found, disabled=disabled)
        _note(session, "staff.disabled" if disabled else "staff.enabled", found)


@contextmanager
def _opened() -> Iterator["Session"]:
    with at_home():
        from core.db import transaction

        with transaction() as session:
            yield session


def _note(session: "Session", action: str, found: "Staff", site: str = "*", **details: Any) -> None:
    from orchestrator import audit
    from orchestrator.people import operator

    where = None if site == "*" else site
    person = operator(getpass.getuser())
    audit.note(session, person, action, f"staff:{found.id}", where, details=details, address="terminal")


def _password(*, stdin: bool) -> str:
    from web.desk import passwords

    return passwords.checked(sys.stdin.readline().rstrip("\n")) if stdin else passwords.made()


def _line(one: "Staff", roles: dict[str, str]) -> str:
    held = ", ".join(f"{role} on {'all sites' if site == '*' else site}" for site, role in roles.items())
    closed = "  (closed)" if one.disabled_at else ""
    return f"{one.email:<32}  {one.name:<24}  {held or 'no role'}{closed}"
