"""Asks and tools for the brain's tests, written out once."""

import json
from typing import Any

from brain.client import Ask, Said, ToolCall, ToolOutcome, ToolSpec

SEARCH = ToolSpec(
    "search_kb",
    "Search the site's documents.",
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "query": {"type": "string", "minLength": 1, "maxLength": 500},
            "top_k": {"type": "integer", "minimum": 1, "maximum": 8},
        },
        "required": ["query", "top_k"],
    },
)
ORDER = ToolSpec("get_order", "One order.", {"type": "object", "properties": {"email": {}, "order_id": {}}})
TICKET = ToolSpec(
    "create_ticket",
    "Open a ticket.",
    {"type": "object", "properties": {"email": {}, "subject": {}, "body": {}, "priority": {}}},
)
PERSON = ToolSpec(
    "handoff_human", "Fetch a person.", {"type": "object", "properties": {"reason": {}, "transcript_excerpt": {}}}
)
TOOLS = (SEARCH, ORDER, TICKET, PERSON)


def ask(*lines: str, tools: tuple[ToolSpec, ...] = TOOLS, **more: Any) -> Ask:
    """An ask to plan. Lines are the visitor's; those that begin with ">" are the agent's."""
    memory = tuple(Said("agent", line[1:].strip()) if line.startswith(">") else Said("visitor", line) for line in lines)
    return Ask("plan", "Harbour Tea", memory, tools=tools, **more)


def drafting(*lines: str, outcomes: tuple[ToolOutcome, ...], tools: tuple[ToolSpec, ...] = TOOLS, **more: Any) -> Ask:
    """An ask to draft from `outcomes`."""
    return Ask("draft", "Harbour Tea", ask(*lines).memory, outcomes=outcomes, tools=tools, **more)


def outcome(name: str, output: object, **arguments: object) -> ToolOutcome:
    """A call and what it gave."""
    return ToolOutcome(ToolCall("call_1", name, json.dumps(arguments)), json.dumps(output, ensure_ascii=False))


def found(query: str, *texts: str, title: str = "Delivery", answerable: float = 0.9) -> ToolOutcome:
    """A search that found `texts`, best first, as snippets c1, c2 and so on."""
    snippets = [
        {"id": f"c{n}", "doc_id": f"d{n}", "title": title, "section": "", "url": "", "text": text, "score": 1 - n / 10}
        for n, text in enumerate(texts, 1)
    ]
    return outcome("search_kb", {"snippets": snippets, "answerable": answerable}, query=query, top_k=5)


def unheard(_: str) -> None:
    """Nobody listens."""
