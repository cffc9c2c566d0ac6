"""Events, effects and states as JSON and back, tagged with their class name; equal values give equal bytes.

What is stored carries the number of its form. To change the form: raise VERSION, give new fields a default that means
what the older form meant, add a step to UPCASTS, and keep journals of the form that ends in the tests' `journals/`.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter

from orchestrator.effects import Effect, Outside, State
from orchestrator.events import Event

Json = dict[str, Any]

VERSION = 4

EVENTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Event)}
EFFECTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Effect)}
OUTSIDE: dict[str, type] = {kind.__name__: kind for kind in get_args(Outside)}
STATES: dict[str, type] = {State.__name__: State}


class FormUnknown(Exception):
    """Stored in a form that this code does not know: a newer Handrail wrote it."""


def _from_1(stored: Json) -> Json:
    """Form 2 only added fields, and their defaults mean what form 1 meant: live, no money counted, certain."""
    return stored


def _from_2(stored: Json) -> Json:
    """Form 3 only added whether people are there, and the default means what form 2 meant: always."""
    return stored


def _from_3(stored: Json) -> Json:
    """Form 4 only added the conversation's language, and the default means what form 3 meant: English."""
    return stored


UPCASTS: dict[int, Callable[[Json], Json]] = {1: _from_1, 2: _from_2, 3: _from_3}


def dump(value: Event | Effect | State) -> Json:
    """`value` as plain JSON types."""
    kind: type = type(value)
    return {"type": kind.__name__, **_adapter(kind).dump_python(value, mode="json")}


def load_event(stored: Json, version: int = VERSION) -> Event:
    """The event that the `dump` of `version` wrote.

    Raises pydantic.ValidationError, KeyError for an unknown kind, or FormUnknown.
    """
    return _load(_raise(stored, version), EVENTS)  # type: ignore[no-any-return]


def load_outside(stored: Json, version: int = VERSION) -> Outside:
    """The pending effect that `dump` wrote."""
    return _load(_raise(stored, version), OUTSIDE)  # type: ignore[no-any-return]


def load_effect(stored: Json, version: int = VERSION) -> Effect:
    """Any effect that `dump` wrote."""
    return _load(_raise(stored, version), EFFECTS)  # type: ignore[no-any-return]


def load_state(stored: Json, version: int = VERSION) -> State:
    """The state that `dump` wrote."""
    return _load(_raise(stored, version), STATES)  # type: ignore[no-any-return]


def upcast(stored: Json, version: int) -> Json:
    """An event, effect or state of `version` as the `dump` of today would write it; today's own comes back as it is."""
    if version == VERSION:
        return stored
    return dump(_load(_raise(stored, version), {**EVENTS, **EFFECTS, **STATES}))


def effects(stored: list[Json], version: int = VERSION) -> list[Json]:
    """Recorded effects in today's form."""
    return [upcast(effect, version) for effect in stored]


def canonical(value: Any) -> bytes:
    """JSON with one spelling, for comparing byte by byte."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _raise(stored: Json, version: int) -> Json:
    if version > VERSION:
        raise FormUnknown(f"Form {version} is newer than {VERSION}, the newest that is known here.")
    for older in range(version, VERSION):
        stored = UPCASTS[older](stored)
    return stored


def _load(stored: Json, kinds: dict[str, type]) -> Any:
    fields = dict(stored)
    return _adapter(kinds[fields.pop("type")]).validate_python(fields)


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
