"""Search results as units that answers are made of: sentences, list items and table rows, with their headings."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from brain.client import ToolOutcome
from kb.search.lines import Kind, lines, pieces


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
    """One search: what was asked, what came back, and how likely (0 to 1) the search holds it to be an answer."""

    query: str
    units: tuple[Unit, ...]
    answerable: float = 1.0


def read_search(outcome: ToolOutcome) -> Evidence | None:
    """The evidence in an output of `search_kb`, or None where it can't be read."""
    try:
        output = json.loads(outcome.output)
        query = str(json.loads(outcome.call.arguments)["query"])
        snippets = output["snippets"]
        best = max((float(snippet["score"]) for snippet in snippets), default=0.0) or 1.0
        units = tuple(unit for rank, snippet in enumerate(snippets) for unit in _units(snippet, rank, best))
        return Evidence(query, units, float(output.get("answerable", 1.0)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _units(snippet: dict[str, Any], rank: int, best: float) -> Iterator[Unit]:
    title = str(snippet.get("title") or "")
    score = float(snippet["score"]) / best
    place = 0
    for line in lines(str(snippet.get("section") or ""), str(snippet["text"])):
        for kind, text in pieces(line.text):
            yield Unit(text, kind, str(snippet["id"]), title, line.headings, place, line.number, rank, score)
            place += 1
