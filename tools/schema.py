"""A pydantic model as the JSON Schema that strict function calling accepts."""

from functools import cache
from typing import Any

from pydantic import BaseModel

DROPPED = {"title", "default"}


@cache
def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """`model`'s JSON Schema: closed, every property required (optional ones are nullable).

    Bounds stand in it twice, as keywords and in words: a model API whose strict mode refuses the keywords gets the
    schema without them, and its model can still read the words. What counts is that pydantic enforces them.
    """
    schema = model.model_json_schema()
    properties = {name: _property(part) for name, part in schema.get("properties", {}).items()}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _property(part: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in part.items() if key not in DROPPED}
    bounds = next(filter(None, (_bounds(branch) for branch in (part, *part.get("anyOf", ())))), "")
    words = " ".join(filter(None, (part.get("description", ""), bounds)))
    return kept | {"description": words} if words else kept


def _bounds(part: dict[str, Any]) -> str:
    if "maxLength" in part:
        return f"{part.get('minLength', 0)} to {part['maxLength']} characters."
    if "maximum" in part:
        return f"{part['minimum']} to {part['maximum']}."
    return ""
