"""The types of sealed columns: what is written is sealed, what is read is opened, and the row's owner vouches for both.

Reading: a column's own SELECT brings the row's owner along, because a type sees nothing but its value. Writing: an
ORM object's values learn their owner when it is flushed; whoever writes `insert()` or `update()` says it by `owned`.
"""

from collections.abc import Sequence
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Dialect, LargeBinary, Text, event, func, inspect, literal, type_coerce
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.orm import InstanceState, Mapper
from sqlalchemy.sql import case
from sqlalchemy.sql import cast as sql_cast
from sqlalchemy.sql.elements import ColumnElement, Label
from sqlalchemy.types import TypeDecorator

from core.db import Base
from core.sealing import places
from core.sealing.seal import INSIDE, RAW, SEALED

Json = dict[str, Any]
MARK = "@"  # after it, or under it, comes the owner; it is no letter of base64


class Unowned(TypeError):
    """A value for a sealed column was written without its owner: wrap it in `core.models.sealed.owned`."""


class OwnedText(str):
    """A text that knows its owner."""

    __slots__ = ("owner",)
    owner: object


class OwnedJson(dict[str, Any]):
    """A JSON object that knows its owner."""

    owner: object


class OwnedList(list[Any]):
    """A list of JSON objects that knows its owner."""

    owner: object


class OwnedBytes(bytes):
    """Bytes that know their owner."""

    owner: object


OWNED: dict[type, Any] = {str: OwnedText, dict: OwnedJson, list: OwnedList, bytes: OwnedBytes}


def owned(owner: object, value: Any) -> Any:
    """`value` for the sealed column of a row whose owner (`core.sealing.places`) is `owner`; None stays None."""
    if value is None:
        return None
    kind = next(kind for kind in OWNED if isinstance(value, kind))
    made = OWNED[kind](value)
    made.owner = owner
    return made


def _owner_of(value: Any) -> object:
    if not hasattr(value, "owner"):
        raise Unowned(Unowned.__doc__)
    return value.owner


class _Sealed(TypeDecorator[Any]):
    """What all kinds have in common."""

    cache_ok = True
    impl: Any = Text

    def __init__(self, place: places.Place) -> None:
        """For the column at `place`."""
        super().__init__()
        self.place = place

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """What a column is compared with, or what is taken out of it, is as its plain type has it."""
        return self.impl_instance.coerce_compared_value(op, value)

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The column with its row's owner, where it is sealed."""
        plain = column.element if isinstance(column, Label) else column
        table = getattr(plain, "table", None)
        if table is None:  # made of the column, not the column
            return column
        return type_coerce(self._with_owner(plain, sql_cast(table.c[self.place.owner], Text)), self)

    def _with_owner(self, column: ColumnElement[Any], owner: ColumnElement[str]) -> ColumnElement[Any]:
        told = type_coerce(column, Text)
        return case((func.starts_with(told, SEALED), told + MARK + owner), else_=told)


class SealedText(_Sealed):
    """A text."""

    cache_ok = True
    place: places.Text

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Seal."""
        del dialect
        return self.place.seal(_owner_of(value), str(value)) if value else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Open."""
        del dialect
        if value is None or not value.startswith(SEALED):
            return self.place.open("", value) if value else value
        kept, _, owner = value.rpartition(MARK)
        return self.place.open(owner, kept)


def sealed_bytes(place: places.Text, owner: object, value: bytes) -> bytes:
    """`value` as it is kept."""
    return place.seal(owner, value.decode(errors=RAW)).encode(errors=RAW)


class SealedBytes(_Sealed):
    """Bytes, as a rule of text in UTF-8."""

    cache_ok = True
    impl = LargeBinary
    place: places.Text

    def _with_owner(self, column: ColumnElement[Any], owner: ColumnElement[str]) -> ColumnElement[Any]:
        told, mark = type_coerce(column, LargeBinary), SEALED.encode()
        sealed = func.substr(told, 1, len(mark)) == mark
        return case((sealed, told.op("||")(func.convert_to(literal(MARK) + owner, "UTF8"))), else_=told)

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Seal."""
        del dialect
        return sealed_bytes(self.place, _owner_of(value), value) if value else value

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Open."""
        del dialect
        if value is None or not value.startswith(SEALED.encode()):
            return value
        kept, _, owner = value.decode().rpartition(MARK)
        return self.place.open(owner, kept).encode(errors=RAW)


class SealedJson(_Sealed):
    """A JSON object."""

    cache_ok = True
    impl = JSONB
    place: places.Object

    def _with_owner(self, column: ColumnElement[Any], owner: ColumnElement[str]) -> ColumnElement[Any]:
        told = type_coerce(column, JSONB)
        named = func.jsonb_build_object(MARK, owner)
        return case((func.jsonb_exists(told, INSIDE), told.op("||")(named)), else_=told)

    def process_bind_param(self, value: Json | None, dialect: Dialect) -> Json | None:
        """Seal."""
        del dialect
        return self.place.seal(_owner_of(value), dict(value)) if value else value

    def process_result_value(self, value: Json | None, dialect: Dialect) -> Json | None:
        """Open."""
        del dialect
        return self.place.open(value.get(MARK), value) if isinstance(value, dict) else value


class SealedList(_Sealed):
    """A list of JSON objects."""

    cache_ok = True
    impl = JSONB
    place: places.Object

    def _with_owner(self, column: ColumnElement[Any], owner: ColumnElement[str]) -> ColumnElement[Any]:
        told = type_coerce(column, JSONB)
        sealed = func.jsonb_path_exists(told, sql_cast(f'$[*]."{INSIDE}"', JSONPATH))
        named = func.jsonb_build_array(func.jsonb_build_object(MARK, owner))
        return case((sealed, told.op("||")(named)), else_=told)

    def process_bind_param(self, value: Sequence[Json] | None, dialect: Dialect) -> list[Json] | None:
        """Seal."""
        del dialect
        return self.place.seal_all(_owner_of(value), value) if value else cast("list[Json] | None", value)

    def process_result_value(self, value: list[Json] | None, dialect: Dialect) -> list[Json] | None:
        """Open."""
        del dialect
        if not value or MARK not in value[-1] or not any(INSIDE in each for each in value[:-1]):
            return value
        return self.place.open_all(value[-1][MARK], value[:-1])


def _own_all(_: Mapper[Any], __: Any, target: Any) -> None:
    """Before a flush: each value that will be written learns its owner."""
    state: InstanceState[Any] = inspect(target)
    for attribute in state.mapper.column_attrs:
        kind = attribute.columns[0].type
        if isinstance(kind, _Sealed) and state.attrs[attribute.key].history.has_changes():
            owner = _own(target, kind.place.owner)
            setattr(target, attribute.key, owned(owner, getattr(target, attribute.key)))


def _own(target: Any, name: str) -> object:
    if getattr(target, name) is None and name == "id":  # it is about to get one
        target.id = uuid4()
    return getattr(target, name)


event.listen(Base, "before_insert", _own_all, propagate=True)
event.listen(Base, "before_update", _own_all, propagate=True)
