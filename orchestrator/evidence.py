"""What an answer may rest on: the snippets and tool results of its turn, read back from the journal."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kb.chunks.places import Place
from kb.citing.pointer import Quotable, point
from kb.sentences import sentences
from orchestrator.events import ToolReturned

MARK = re.compile(r"\s*\[(c\d+)\]")

Citation = dict[str, Any]


@dataclass(frozen=True)
class Snippet:
    """A passage that `search_kb` returned in this turn; where it stands is not known of those in older journals."""

    id: str
    doc_id: str
    title: str
    section: str
    url: str
    text: str
    page: int | None = None
    start: int = 0
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Everything that was found out in one turn, and what the visitor said."""

    snippets: dict[str, Snippet] = field(default_factory=dict)
    results: tuple[str, ...] = ()  # outputs of the other tools, as JSON text
    visitor: str = ""
    answerable: float | None = None  # how likely the passages hold an answer; None where nothing was searched


def gather(events: Iterable[object], visitor: str = "") -> Evidence:
    """The evidence that lies in a turn's events."""
    snippets: dict[str, Snippet] = {}
    results: list[str] = []
    answerable: float | None = None
    for event in events:
        if isinstance(event, ToolReturned):
            output = json.loads(event.output)
            if "snippets" in output:
                snippets.update((found["id"], _snippet(found)) for found in output["snippets"])
                answerable = max(answerable or 0.0, float(output.get("answerable") or 0.0))
            else:
                results.append(event.output)
    return Evidence(snippets, tuple(results), visitor, answerable)


def cited(text: str) -> tuple[str, ...]:
    """The snippet ids that `text` names, in order of their first appearance."""
    return tuple(dict.fromkeys(MARK.findall(text)))


def render(text: str, evidence: Evidence, known: tuple[str, ...] = ()) -> tuple[str, tuple[Citation, ...]]:
    """`text` as the visitor sees it, with [1], [2] … for the registered ids, and the citations behind them.

    `known` are ids that were numbered before, for a text that is rendered sentence by sentence.
    """
    ids = tuple(dict.fromkeys((*known, *(each for each in cited(text) if each in evidence.snippets))))
    number = {each: n for n, each in enumerate(ids, start=1)}
    shown = MARK.sub(lambda mark: f" [{number[mark[1]]}]" if mark[1] in number else "", text)
    new = [each for each in ids if each in cited(text)]
    return shown.strip(), tuple(cite(number[each], evidence.snippets[each], _claim(text, each), text) for each in new)


def _snippet(found: dict[str, Any]) -> Snippet:
    told = {key: found.get(key) or "" for key in ("id", "doc_id", "title", "section", "url", "text")}
    places = tuple((offset, page, anchor) for offset, page, anchor in found.get("places") or ())
    return Snippet(**told, page=found.get("page"), start=found.get("start") or 0, places=places)


def _claim(text: str, snippet_id: str) -> str:
    """The sentence of the answer that cites `snippet_id`."""
    return next((each.text for each in sentences(text) if f"[{snippet_id}]" in each.text), text)


def cite(n: int, snippet: Snippet, claim: str, answer: str = "") -> Citation:
    """Citation number `n`: where the passage supports `claim`, one sentence of `answer`, in words and as a link."""
    quotable = Quotable(snippet.text, snippet.url, snippet.page, snippet.start, snippet.places)
    found = point(quotable, MARK.sub("", claim), MARK.sub("", answer))
    return {
        "n": n,
        "doc_id": snippet.doc_id,
        "title": snippet.title,
        "url": snippet.url,
        "section": snippet.section,
        "quote": found.quote,
        "page": found.page,
        "start": found.start,
        "end": found.end,
        "link": found.link,
    }
