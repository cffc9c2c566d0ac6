"""Bodies of webhooks: JSON objects, bounded in depth, of text that a database can keep."""

import json
import re
from math import isfinite
from typing import Any, NoReturn

from web.webhooks.received import BodyNotJson, NotJsonType

DEEPEST = 32
SAFE = 2**53 - 1  # beyond it a number in JSON is another one for many who read it
UNKEPT = re.compile("[\x00\ud800-\udfff]")
SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


def parse(raw: bytes, content_type: str) -> dict[str, Any]:
    """The object in `raw`. Raises NotJsonType or BodyNotJson."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise NotJsonType
    try:
        body = DECODER.decode(raw.decode())
    except (ValueError, RecursionError):
        raise BodyNotJson from None
    if not isinstance(body, dict) or (_brackets(raw) > DEEPEST and _deeper(body, DEEPEST)):
        raise BodyNotJson
    if SUSPECT.search(raw) and not _kept(body):
        raise BodyNotJson("The body holds characters that are no text (NUL, or half of a pair): leave them out.")
    return body


def text(body: dict[str, Any], name: str, most: int = 2_000) -> str:
    """The text called `name`; "" where it is missing. Raises BodyNotJson where it is none, or too long."""
    value = body.get(name, "")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= SAFE:
        value = str(value)
    if not isinstance(value, str) or len(value) > most:
        raise BodyNotJson(f"The field `{name}` must be a text of at most {most} characters.")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(number: str) -> float:
    """1e400 is a number in JSON, but infinite here, and nothing that a database keeps."""
    return value if isfinite(value := float(number)) else _refuse(number)


DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)  # made once: making it costs as much as its use


def _brackets(raw: bytes) -> int:
    return raw.count(b"{") + raw.count(b"[")


def _deeper(value: Any, than: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return than == 0 or any(_deeper(each, than - 1) for each in inside)


def _kept(value: Any) -> bool:
    """Whether PostgreSQL keeps it: neither NUL nor half of a surrogate pair, both of which can only come escaped."""
    if isinstance(value, str):
        return UNKEPT.search(value) is None
    if isinstance(value, dict):
        return all(_kept(name) and _kept(each) for name, each in value.items())
    return all(map(_kept, value)) if isinstance(value, list) else True
