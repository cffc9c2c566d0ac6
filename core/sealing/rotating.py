"""Sealing anew with the first key, in batches while everything runs; and what is sealed with which key.

A row that somebody else holds is left for the next pass, so that nobody ever waits for us while we wait for them. What
is done is seen by the rows themselves: begun anew, it goes on where it ended.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Table,
    Text,
    and_,
    bindparam,
    case,
    func,
    not_,
    select,
    text,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.orm import Session
from sqlalchemy.types import LargeBinary

from core.db import transaction
from core.models import metadata
from core.models.sealed import owned
from core.sealing import places, words
from core.sealing.keys import keyring
from core.sealing.places import PLACES, Place
from core.sealing.seal import INSIDE, SEALED

BATCH = 200  # rows of one transaction
PASSES = 50
REST_S = 0.2  # before rows are looked for again that somebody held
PLAIN = ""  # what a plain text counts under
ALL_THE_TIME = text("SET LOCAL statement_timeout = 0")

Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Rotated:
    """How many texts (or objects) were sealed anew, and how many somebody held to the end."""

    done: int
    held: int


def counts(session: Session) -> Counts:
    """By place ("messages.content"), how many texts are sealed with which key; those under "" are plain."""
    session.execute(ALL_THE_TIME)
    return {place.name: _counted(session, place) for place in PLACES}


def rotate(lost: Iterable[str] = (), *, passes: int = PASSES) -> Rotated:
    """Seal everything with the first key; where none seals, open everything. What the `lost` ones sealed stays.

    Each row that somebody holds is looked for in up to `passes` passes.

    Raises KeyMissing where a key is missing that is not among the lost ones.
    """
    done = held = 0
    for place in PLACES:
        changed, left = _rotate_place(place, tuple(lost), passes)
        done, held = done + changed, held + left
    return Rotated(done, held)


def _rotate_place(place: Place, lost: tuple[str, ...], passes: int) -> tuple[int, int]:
    table = metadata.tables[place.table]
    stale = _stale(table, place, lost)
    changed = left = 0
    for _ in range(passes):
        changed += _one_pass(table, place, stale)
        with transaction() as session:
            session.execute(ALL_THE_TIME)
            left = session.scalar(select(func.count()).select_from(table).where(stale)) or 0
        if not left:
            break
        time.sleep(REST_S)
    return changed, left


def _one_pass(table: Table, place: Place, stale: ColumnElement[bool]) -> int:
    changed, after = 0, None
    while True:
        with transaction() as session:
            rows = _some(session, table, place, stale, after)
            for row in rows:
                _write(session, table, place, row)
        if not rows:
            return changed
        changed, after = changed + len(rows), rows[-1]


def _some(
    session: Session, table: Table, place: Place, stale: ColumnElement[bool], after: RowMapping | None
) -> Sequence[RowMapping]:
    session.execute(ALL_THE_TIME)
    keys = list(table.primary_key.columns)
    names = dict.fromkeys([*(key.name for key in keys), place.owner, place.column])
    query = select(*(table.c[name] for name in names)).where(stale)
    if after is not None:
        passed = (bindparam(None, after[key.name], key.type) for key in keys)
        query = query.where(tuple_(*keys) > tuple_(*passed))
    locked = query.order_by(*keys).limit(BATCH).with_for_update(skip_locked=True)
    return session.execute(locked).mappings().all()


def _write(session: Session, table: Table, place: Place, row: RowMapping) -> None:
    values: dict[str, Any] = {place.column: owned(row[place.owner], row[place.column])}
    if place is places.MESSAGE:
        values["words"] = words.hidden(row[place.column])
    same = (table.c[key.name] == row[key.name] for key in table.primary_key.columns)
    session.execute(table.update().where(*same).values(values))


def _stale(table: Table, place: Place, lost: tuple[str, ...]) -> ColumnElement[bool]:
    """Where a text of the column is not kept as it should be, and can be."""
    first = keyring().first
    found = _begins(table, place, f"{SEALED}{first.id}:") if first else not_(_begins(table, place, SEALED))
    given_up = [_begins(table, place, f"{SEALED}{key_id}:") for key_id in lost]
    return and_(_there(table, place), not_(found), *(not_(each) for each in given_up))


def _begins(table: Table, place: Place, start: str) -> ColumnElement[bool]:
    """Whether the column's text (of a list: every one) begins so."""
    column = table.c[place.column]
    if isinstance(place, places.Object) and place.many:
        otherwise = f'$[*] ? (!(@."{INSIDE}" starts with "{start}"))'
        return not_(func.jsonb_path_exists(type_coerce(column, JSONB), sql_cast(otherwise, JSONPATH)))
    return func.starts_with(_kept(column, place), start)


def _kept(column: ColumnElement[Any], place: Place) -> ColumnElement[str]:
    """The column as the text that was sealed; "" for a plain object."""
    if isinstance(place, places.Object):
        return func.coalesce(type_coerce(column, JSONB)[INSIDE].astext, "")
    if place is places.CAME:
        told, mark = type_coerce(column, LargeBinary), SEALED.encode()
        sealed = func.substr(told, 1, len(mark)) == mark
        return case((sealed, func.convert_from(told, "UTF8")), else_=func.encode(told, "hex"))  # no text, perhaps
    return type_coerce(column, Text)


def _there(table: Table, place: Place) -> ColumnElement[bool]:
    """Whether there is anything to be sealed."""
    column = table.c[place.column]
    if isinstance(place, places.Object):
        told = type_coerce(column, JSONB)
        return and_(column.is_not(None), func.jsonb_typeof(told) != "null", told.not_in([{}, []]))
    return and_(column.is_not(None), func.length(_kept(column, place)) > 0)


def _counted(session: Session, place: Place) -> dict[str, int]:
    table = metadata.tables[place.table]
    if isinstance(place, places.Object) and place.many:
        each = func.jsonb_array_elements(type_coerce(table.c[place.column], JSONB)).table_valued("value", name="each")
        inside = func.coalesce(type_coerce(each.c.value, JSONB)[INSIDE].astext, "")
        query = select(_key(inside), func.count()).select_from(table.join(each, true()))
    else:
        query = select(_key(_kept(table.c[place.column], place)), func.count()).where(_there(table, place))
    return {key: count for key, count in session.execute(query.group_by(text("1")))}  # noqa: C416 - rows, not pairs


def _key(kept: ColumnElement[str]) -> ColumnElement[str]:
    return case((func.starts_with(kept, SEALED), func.split_part(kept, ":", 2)), else_=PLAIN)
