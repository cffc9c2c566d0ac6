"""Search results as units that answers are made of: sentences, list items and table rows, with their headings."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from brain.client import ToolOutcome
from kb.sentences import sentences

HEADING = re.compile(r"^(#{1,6})\s+(.+)$")
ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}\.)\s+(?=\S)")
SHORTEST = 24  # characters; "No." alone answers nothing, so it is kept together with what follows
LONGEST_ITEM = 260

Kind = Literal["sentence", "item", "row"]


@dataclass(frozen=True)
class Unit:
    """A piece of a document, word for word, that can stand in an answer alone."""

    text: str
    kind: Kind
    cite: str  # the snippet's id
    title: str
    headings: tuple[str, ...]  # the path down to it, outermost first
    place: int  # counts on inside the snippet
    paragraph: int
    rank: int  # of the snippet, 0 is the best
    score: float  # of the snippet, 1 is the best


@dataclass(frozen=True)
class Evidence:
    """One search: what was asked, and what came back."""

    query: str
    units: tuple[Unit, ...]


def read_search(outcome: ToolOutcome) -> Evidence | None:
    """The evidence in an output of `search_kb`, or None where it can't be read."""
    try:
        output = json.loads(outcome.output)
        query = str(json.loads(outcome.call.arguments)["query"])
        snippets = output["snippets"]
        best = max((float(snippet["score"]) for snippet in snippets), default=0.0) or 1.0
        units = tuple(unit for rank, snippet in enumerate(snippets) for unit in _units(snippet, rank, best))
        return Evidence(query, units)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _units(snippet: dict[str, Any], rank: int, best: float) -> Iterator[Unit]:
    title = str(snippet.get("title") or "")
    section = str(snippet.get("section") or "")
    path: list[tuple[int, str]] = [(0, part) for part in section.split(" › ") if part]
    place = 0
    for number, line in enumerate(str(snippet["text"]).splitlines()):
        if heading := HEADING.match(line):
            level = len(heading.group(1))
            path = [(depth, text) for depth, text in path if depth < level and text != heading.group(2)]
            path.append((level, heading.group(2).strip()))
            continue
        headings = tuple(text for _, text in path)
        for kind, text in _pieces(line):
            score = float(snippet["score"]) / best
            yield Unit(text, kind, str(snippet["id"]), title, headings, place, number, rank, score)
            place += 1


def _pieces(line: str) -> Iterator[tuple[Kind, str]]:
    bare = ITEM.sub("", line).strip()
    if not bare:
        return
    if " | " in bare:
        yield "row", bare
    elif bare != line.strip() and len(bare) <= LONGEST_ITEM:
        yield "item", bare
    else:
        yield from (("sentence", text) for text in _whole(bare))


def _whole(paragraph: str) -> Iterable[str]:
    """The paragraph's sentences, very short ones together with their successor, cut from it unchanged."""
    start: int | None = None
    found = sentences(paragraph)
    for number, sentence in enumerate(found):
        start = sentence.start if start is None else start
        if sentence.end - start >= SHORTEST or number == len(found) - 1:
            yield paragraph[start : sentence.end]
            start = None
