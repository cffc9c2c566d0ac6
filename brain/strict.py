"""Trims a tool's schema to what the strict modes of model APIs accept."""

from dataclasses import dataclass
from typing import Any

UNSUPPORTED = frozenset({"minLength", "maxLength", "format", "default", "examples"})
UNSUPPORTED_NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})


def without(schema: dict[str, Any], keywords: frozenset[str]) -> dict[str, Any]:
    """`schema` without keywords that an API's strict mode refuses. The tools check them anyway."""
    kept = {key: value for key, value in schema.items() if key not in keywords}
    if "properties" in kept:
        kept["properties"] = {name: without(part, keywords) for name, part in schema["properties"].items()}
    for group in ("anyOf", "allOf", "oneOf"):
        if group in kept:
            kept[group] = [without(part, keywords) for part in schema[group]]
    if isinstance(kept.get("items"), dict):
        kept["items"] = without(schema["items"], keywords)
    return kept


@dataclass(frozen=True)
class _Drawn:
    source: dict[str, Any]  # kept, so that nothing else can come to have its identity
    schema: dict[str, Any]


_drawn: dict[tuple[int, frozenset[str]], _Drawn] = {}
MOST_DRAWN = 200


def strict(schema: dict[str, Any], keywords: frozenset[str]) -> dict[str, Any]:
    """`without`, drawn once for each schema: tools hand out the same object every time. Nobody changes either."""
    key = (id(schema), keywords)
    known = _drawn.get(key)
    if known is None or known.source is not schema:
        if len(_drawn) >= MOST_DRAWN:
            _drawn.clear()
        known = _drawn[key] = _Drawn(schema, without(schema, keywords))
    return known.schema
