"""What passes between a parser and its parent: JSON with lengths before it, and bytes as they are.

The parser is the side that strangers' files may have taken over, so nothing of it is unpickled, and every field is
looked at.
"""

import json
import struct
from typing import Any

from kb.loaders.loaded import Block, Loaded

HEADER = struct.Struct(">QQ")  # bytes of JSON, bytes behind it
KINDS = frozenset({"heading", "paragraph", "row", "item"})
DEEPEST_HEADING = 9

Message = dict[str, Any]


class NotOurFormat(ValueError):
    """The parser answered with something that a parser of ours does not say."""


def packed(message: Message, tail: bytes = b"") -> bytes:
    """One frame. Half of a surrogate pair, as damaged files have it, becomes a question mark."""
    said = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return HEADER.pack(len(said), len(tail)) + said + tail


def unpacked(said: bytes) -> Message:
    """The JSON of a frame. Raises NotOurFormat."""
    try:
        message = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise NotOurFormat("no JSON") from error
    if not isinstance(message, dict):
        raise NotOurFormat("no object")
    return message


def as_message(loaded: Loaded) -> Message:
    """A document as JSON: one list for each field, so that names are not repeated for each block."""
    blocks = loaded.blocks
    fields = {name: [getattr(block, name) for block in blocks] for name in Block.__dataclass_fields__}
    others = {name: getattr(loaded, name) for name in Loaded.__dataclass_fields__ if name != "blocks"}
    return {**others, "blocks": fields}


def as_loaded(message: Message) -> Loaded:
    """The document that `as_message` took apart. Raises NotOurFormat."""
    try:
        fields = message.pop("blocks")
        if set(fields) != set(Block.__dataclass_fields__) or set(message) != set(Loaded.__dataclass_fields__) - {
            "blocks"
        }:
            raise NotOurFormat("other fields")
        if not all(isinstance(value, str) for value in message.values()):
            raise NotOurFormat("a field that is no text")
        columns = [_checked(name, fields[name]) for name in Block.__dataclass_fields__]
        return Loaded(blocks=tuple(Block(*row) for row in zip(*columns, strict=True)), **message)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise NotOurFormat(str(error)) from error


def _checked(name: str, values: list[Any]) -> list[Any]:
    if name == "kind":
        fits = all(value in KINDS for value in values)
    elif name == "level":
        fits = all(type(value) is int and 0 <= value <= DEEPEST_HEADING for value in values)
    elif name == "page":
        fits = all(value is None or (type(value) is int and value > 0) for value in values)
    else:
        fits = all(isinstance(value, str) for value in values)
    if not fits:
        raise NotOurFormat(f"a strange {name}")
    return values
