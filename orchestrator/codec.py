"""Events, effects and states as JSON and back, tagged with their class name; equal values give equal bytes."""

import json
from dataclasses import asdict
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter

from orchestrator.effects import Effect, Outside, State
from orchestrator.events import Event

Json = dict[str, Any]
VERSION = 1


def dump(value: Event | Effect | State) -> Json:
    """`value` as plain JSON types."""
    return {"type": type(value).__name__, **_plain(asdict(value))}


def load_event(stored: Json, version: int = VERSION) -> Event:
    """The event that `dump` wrote. Raises pydantic.ValidationError, or KeyError for an unknown one."""
    return _load(stored, Event)  # type: ignore[no-any-return]


def effects(stored: list[Json], version: int = VERSION) -> list[Json]:
    """Recorded effects in today's form."""
    return stored


def load_outside(stored: Json) -> Outside:
    """The pending effect that `dump` wrote."""
    return _load(stored, Outside)  # type: ignore[no-any-return]


def load_effect(stored: Json) -> Effect:
    """Any effect that `dump` wrote."""
    return _load(stored, Effect)  # type: ignore[no-any-return]


def load_state(stored: Json) -> State:
    """The state that `dump` wrote."""
    return _load(stored, State)  # type: ignore[no-any-return]


def canonical(value: Any) -> bytes:
    """JSON with one spelling, for comparing byte by byte."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _load(stored: Json, kind: Any) -> Any:
    fields = dict(stored)
    return _readers(kind)[fields.pop("type")].validate_python(fields)


@cache
def _readers(kind: Any) -> dict[str, TypeAdapter[Any]]:
    classes = get_args(kind) or (kind,)
    return {each.__name__: TypeAdapter(each) for each in classes}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
