"""Text that others wrote, as a model may read it: without invisible characters, markup, and marks of prompts."""

import json
import re
from typing import Any

from kb.screen.plain import visible

MARKUP = re.compile(r"<!--.{0,2000}?-->|</?[a-zA-Z][^<>]{0,400}>|<\|[^<>|]{0,40}\|>|\[/?INST\]|<</?SYS>>", re.DOTALL)
LINK = re.compile(r"!?\[([^\]\n]{0,200})\]\([^()\s]{1,500}\)")
FENCE = re.compile(r"<<+|>>+")
SUSPECTS = ("<", ">", "[", "\\u")  # without one of these, and in ASCII, there is nothing to take out


def harmless(text: str) -> str:
    """`text`, or the texts in it where it is JSON, with nothing left that hides, renders, or ends a fence."""
    if text.isascii() and not any(mark in text for mark in SUSPECTS):
        return text
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return _plain(text)
    if not isinstance(read, dict | list):
        return _plain(text)
    cleaned = _each(read)
    return text if cleaned == read else json.dumps(cleaned, ensure_ascii=False, separators=(",", ":"))


def _each(value: Any) -> Any:
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, list):
        return [_each(one) for one in value]
    if isinstance(value, dict):
        return {name: _each(one) for name, one in value.items()}
    return value


def _plain(text: str) -> str:
    shown = LINK.sub(r"\1", MARKUP.sub(" ", visible(text)))
    return FENCE.sub(lambda mark: " ".join(mark[0]), shown)
