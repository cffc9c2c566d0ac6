"""`handrail erase`, `handrail receipt` and `handrail probe-erased`: data go, and one can see that they are gone."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from core.errors import BadRequest
from web.commands.place import at_home

if TYPE_CHECKING:
    pass

receipt = typer.Typer(help="Receipts of what was erased.", no_args_is_help=True)

AT_ONCE = 100  # visitors with one address; then the same again, until there are none
Name = Annotated[str, typer.Option("--as", help="Who you are.", default_factory=getpass.getuser)]


def erase(
    site_id: Annotated[str, typer.Argument(metavar="SITE")],
    name: Name,
    *,
    email: Annotated[str | None, typer.Option(help="Who has proven it, or gave it and proved no other.")] = None,
    visitor: Annotated[UUID | None, typer.Option(help="One visitor, with all conversations.")] = None,
    thread: Annotated[UUID | None, typer.Option(help="One conversation alone.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    out: Annotated[Path, typer.Option(help="Where receipts are written, a file for each.")] = Path(),
) -> None:
    """Erase a visitor's data, or one conversation, for good, and write the receipts. Exit code 1: nothing was there."""
    if sum(each is not None for each in (email, visitor, thread)) != 1:
        raise BadRequest("Say whose data: give one of --email, --visitor and --thread.")
    with at_home():
        from core.db import transaction
        from web.deps import find_site

        with transaction() as session:
            find_site(session, site_id)
        what = f"conversation {thread}" if thread else f"all data of {email or f'visitor {visitor}'}"
        if not yes:
            typer.confirm(f"Erase {what} on {site_id}, for good?", abort=True)
        ids, count = _erased(site_id, name, email, visitor, thread)
        files = [_written(id_, out) for id_ in ids]
    lines = [f"receipt {file}" for file in files]
    if count:
        lines.append(f"The address was taken off {count} cases and events of others.")
    typer.echo("\n".join(lines) or f"There is nothing of {what} on {site_id}.")
    if not lines:
        raise typer.Exit(1)


@receipt.command()
def show(receipt_id: Annotated[UUID, typer.Argument(metavar="ID")]) -> None:
    """Print a receipt as things stand now, signed."""
    with at_home():
        from core.db import transaction
        from orchestrator import receipts

        with transaction() as session:
            told = receipts.receipt(session, receipt_id)
    typer.echo(receipts.as_text(told), nl=False)


@receipt.command()
def verify(file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)]) -> None:
    """Whether a receipt is as it was given; needs HANDRAIL_SECRET_KEY alone, no database. Exit code 1: it is not."""
    from orchestrator.receipts import verified

    told, genuine = verified(file.read_bytes())
    if not genuine:
        typer.echo("It was changed, or this Handrail did not give it, or did so under another HANDRAIL_SECRET_KEY.")
        raise typer.Exit(1)
    went = ", ".join(f"{count} {name}" for name, count in told["counts"].items())
    typer.echo(f"It is as it was given at {told['issued_at']}: {went} of {told['site']} erased at {told['erased_at']}.")
    typer.echo(_seen(told["probe"]))


def probe_erased(
    what: Annotated[list[str], typer.Argument(metavar="WHAT…", help="A receipt's file or id, or words.")],
) -> None:
    """Look for what was erased, or for any words, in every table, all of Valkey, and the home's files.

    Exit code 1: something is there.
    """
    with at_home() as settings:
        from orchestrator import probing

        ids, words = _wanted(what)
        looks = [probing.look_for(words, settings)] if words else []
        looks += [probing.look_for(ids, settings, receipts=False)] if ids else []
    for look in looks:
        typer.echo(f"Looked through {look.tables} tables, {look.keys} keys and {look.files} files.")
        for each in look.found:
            typer.echo(f"  {each.place}: {each.count}")
        for place in look.silent:
            typer.echo(f"  not read: {place}")
    found = sum(len(look.found) for look in looks)
    typer.echo(f"It is in {found} places." if found else "Nothing is left.")
    if found:
        raise typer.Exit(1)


def _erased(
    site_id: str, name: str, email: str | None, visitor: UUID | None, thread: UUID | None
) -> tuple[list[UUID], int]:
    """The receipts' ids, and off how many things of others an address was taken."""
    from core.db import transaction
    from orchestrator import erasing
    from orchestrator.people import operator

    person, ids = operator(name), []
    if thread:
        with transaction() as session:
            id_, done = erasing.erase_conversation(session, site_id, thread, actor=person)
        return ([id_] if done.threads else []), 0
    address = _address(email) if email else ""
    while found := [visitor] if visitor else _visitors(site_id, address):
        for visitor_id in found:
            with transaction() as session:
                id_, done = erasing.erase(session, site_id, visitor_id, actor=person)
            ids += [id_] if done.visitors else []
        if visitor:
            return ids, 0
    with transaction() as session:
        off = erasing.erase_address(session, site_id, address)
    return ids, off.addresses + off.events


def _visitors(site_id: str, address: str) -> list[UUID]:
    from core.db import transaction
    from orchestrator.erasing import visitors_of

    with transaction() as session:
        return list(visitors_of(session, site_id, address, AT_ONCE))


def _address(email: str) -> str:
    from tools.address import normal, well_formed

    address = normal(email)
    if not well_formed(address):
        raise BadRequest(f"{email!r} is no e-mail address.")
    return address


def _written(id_: UUID, folder: Path) -> Path:
    from core.db import transaction
    from orchestrator import receipts

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"receipt-{id_}.json"
    with transaction() as session:
        file.write_text(receipts.as_text(receipts.receipt(session, id_)))
    return file


def _wanted(what: list[str]) -> tuple[list[str], list[str]]:
    """The ids that receipts name, and the words."""
    from orchestrator.receipts import verified

    ids: list[str] = []
    words = []
    for each in what:
        if Path(each).is_file():
            ids += verified(Path(each).read_bytes())[0]["ids"]
        elif (known := _ids_of(each)) is not None:
            ids += known
        else:
            words.append(each)
    if not all(each.strip() for each in words):
        raise BadRequest("Give some words to look for.")
    return ids, words


def _ids_of(text: str) -> list[str] | None:
    """What the receipt of this id names; None where there is none."""
    from core.db import transaction
    from core.models import Erasure

    try:
        id_ = UUID(text)
    except ValueError:
        return None
    with transaction() as session:
        row = session.get(Erasure, id_)
        return list(row.facts["ids"]) if row else None


def _seen(probe: dict[str, object] | None) -> str:
    if probe is None:
        return "It was not looked for yet when this was given: `handrail probe-erased FILE` looks now."
    return f"At {probe['at']} it was looked for: {'something was found' if probe['found'] else 'nothing was found'}."
