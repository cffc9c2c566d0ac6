"""`handrail keys`: the keys that what is said is sealed with."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import Conflict
from web.commands.place import at_home

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from core.sealing.rotating import Counts

keys = typer.Typer(help="The keys that conversations are sealed with at rest.", no_args_is_help=True)

PLAIN = "(plain)"


@keys.command()
def make(name: Annotated[str, typer.Argument(help="What the key is called: letters, digits, - and _.")]) -> None:
    """Write a new key. It is kept nowhere: put it into HANDRAIL_ENCRYPTION_KEYS, and a copy where backups are not."""
    from core.sealing.keys import make as make_key

    typer.echo(make_key(name))


@keys.command("list")
def list_all() -> None:
    """List the keys that are given and those that this database has seen, and how many texts each has sealed."""
    with at_home():
        from core.db import transaction
        from core.sealing import known
        from core.sealing.keys import keyring
        from core.sealing.rotating import counts

        with transaction() as session:
            found, seen = _sums(counts(session)), {key.id: key for key in known.known(session)}
        given = keyring().keys
        names = [
            *(key.id for key in given),
            *(name for name in {**seen, **found} if name and name not in keyring().by_id),
        ]
        for name in names:
            role = "seals" if given and name == given[0].id else "opens" if name in keyring().by_id else "is missing"
            gone = " (given up)" if name in seen and seen[name].given_up_at else ""
            typer.echo(f"{name:<32} {role}{gone}, {found.get(name, 0)} texts")
    typer.echo(f"{PLAIN:<32} {found.get('', 0)} texts")


@keys.command()
def rotate() -> None:
    """Seal everything with the first key, while everything runs; without keys, open everything.

    It can be stopped and begun anew at any time. Exit code 1: somebody held rows to the end, so run it again.
    """
    with at_home():
        from core.db import transaction
        from core.sealing import known
        from core.sealing.keys import keyring
        from core.sealing.rotating import counts
        from core.sealing.rotating import rotate as rotate_all

        with transaction() as session:
            known.register(session)
            lost = known.lost(session)
        done, first = rotate_all(lost), keyring().first
        with transaction() as session:
            found = _sums(counts(session))
            _note(session, "keys.rotated", first.id if first else "", texts=done.done, held=done.held)
    typer.echo(f"{done.done} texts were {f'sealed with {first.id}' if first else 'opened'}. Texts by key:")
    for name, count in sorted(found.items()):
        typer.echo(f"  {name or PLAIN:<32} {count}")
    if done.held:
        typer.echo(f"{done.held} texts were held by somebody all the time: run it again.", err=True)
        raise typer.Exit(1)


@keys.command()
def check() -> None:
    """Say whether every text can be opened, and which keys are needed no more. Exit code 1: something is wrong."""
    with at_home():
        from core.db import transaction
        from core.sealing import known
        from core.sealing.keys import keyring
        from core.sealing.rotating import counts

        with transaction() as session:
            faults, found = known.trouble(session), counts(session)
            needless = [key.id for key in known.known(session) if not _sums(found).get(key.id)]
        ring = keyring()
    missing = sorted(name for name in _sums(found) if name and name not in ring.by_id)
    for fault in faults:
        typer.echo(fault, err=True)
    for name in missing:
        where = ", ".join(f"{place} ({of[name]})" for place, of in found.items() if of.get(name))
        typer.echo(f"Sealed with {name}, which is not here: {where}.", err=True)
    for name in needless:
        sealing = ring.first is not None and name == ring.first.id
        typer.echo(
            f"{name}: seals, nothing yet." if sealing else f"{name}: nothing needs it; `handrail keys forget {name}`."
        )
    if plain := _sums(found).get("", 0):
        typer.echo(f"{plain} texts are plain" + (": `handrail keys rotate` seals them." if ring.keys else "."))
    if faults or missing:
        raise typer.Exit(1)
    typer.echo("Every sealed text can be opened.")


@keys.command()
def forget(name: Annotated[str, typer.Argument(help="The key that nothing needs any more.")]) -> None:
    """Have the database forget a key that sealed nothing that is left; take it out of the setting first."""
    with at_home():
        from core.db import transaction
        from core.sealing import known
        from core.sealing.keys import keyring
        from core.sealing.rotating import counts

        with transaction() as session:
            key = known.find(session, name)
            if left := _sums(counts(session)).get(name):
                raise Conflict(f"{left} texts are sealed with {name}: `handrail keys rotate` first.")
            if name in keyring().by_id:
                raise Conflict(f"{name} is still among HANDRAIL_ENCRYPTION_KEYS: take it out there first, everywhere.")
            session.delete(key)
            _note(session, "key.forgotten", name)
    typer.echo(f"{name} is forgotten: throw it away.")


@keys.command("give-up")
def give_up(
    name: Annotated[str, typer.Argument(help="The key that is lost.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Go on without a key that is lost: what it sealed can't be read any more, and is told as missing."""
    with at_home():
        from sqlalchemy import func

        from core.db import transaction
        from core.sealing import known

        if not yes:
            typer.confirm(f"What {name} sealed stays unreadable unless the key is found. Go on?", abort=True)
        with transaction() as session:
            known.find(session, name).given_up_at = func.now()
            _note(session, "key.given_up", name)
    typer.echo(f"{name} is given up. Should it be found, add it to HANDRAIL_ENCRYPTION_KEYS again.")


def _note(session: "Session", action: str, name: str, **details: int) -> None:
    """Into the audit log; `name` is the key's, "" where everything is plain now."""
    from orchestrator import audit
    from orchestrator.people import operator

    subject = f"key:{name}" if name else ""
    audit.note(session, operator(getpass.getuser()), action, subject, None, details=details, address="terminal")


def _sums(found: "Counts") -> dict[str, int]:
    """Of all places together, by key."""
    sums: dict[str, int] = {}
    for by_key in found.values():
        for name, count in by_key.items():
            sums[name] = sums.get(name, 0) + count
    return sums
