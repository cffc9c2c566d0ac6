"""Trims a tool's schema to what the strict modes of model APIs accept."""

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
