"""Questions and answers that a page tells to search engines (FAQPage), where its visible text lacks them."""

import json
from collections.abc import Iterator
from typing import Any

from lxml.etree import _Element

LARGEST = 1_000_000  # characters of one script that are read


def questions(root: _Element) -> Iterator[tuple[str, str]]:
    """(question, answer as HTML) of each FAQPage in the page's JSON-LD; what is no JSON is passed over."""
    for script in root.iter("script"):
        kind = (script.get("type") or "").partition(";")[0].strip().lower()
        if kind != "application/ld+json" or not script.text or len(script.text) > LARGEST:
            continue
        try:
            yield from _found(json.loads(script.text))
        except (ValueError, RecursionError):
            continue


def _found(data: Any) -> Iterator[tuple[str, str]]:
    for thing in _listed(data):
        if not isinstance(thing, dict):
            continue
        yield from _found(thing.get("@graph", []))
        if "FAQPage" in _listed(thing.get("@type")):
            for entry in _listed(thing.get("mainEntity")):
                yield from _pair(entry)


def _pair(entry: Any) -> Iterator[tuple[str, str]]:
    if isinstance(entry, dict):
        question = entry.get("name")
        for answer in _listed(entry.get("acceptedAnswer")):
            text = answer.get("text") if isinstance(answer, dict) else None
            if isinstance(question, str) and isinstance(text, str):
                yield question, text


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
