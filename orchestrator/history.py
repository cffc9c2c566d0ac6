"""What came of each tool call of a turn, from its journal."""

import json
from collections.abc import Iterable

from brain.client import ToolCall, ToolOutcome
from orchestrator.codec import Json
from orchestrator.events import Event, ToolFailed, ToolReturned

UNTOLD = ("start", "places")  # where a passage stands: citations are made from it, and a model would only pay for it


def outcomes_of(history: Iterable[tuple[Event, list[Json]]]) -> tuple[ToolOutcome, ...]:
    """Every call of the turn with its last result, in the order in which they were made."""
    asked: dict[int, ToolCall] = {}
    results: dict[str, ToolOutcome] = {}
    for event, effects in history:
        if isinstance(event, ToolReturned | ToolFailed) and event.n in asked:
            call = asked[event.n]
            results[call.id] = _outcome(call, event)
        for effect in effects:
            if effect["type"] == "RunTool":
                wanted = effect["call"]
                asked[effect["n"]] = ToolCall(wanted["id"], wanted["tool"], wanted["arguments"])
    return tuple(results.values())


def _outcome(call: ToolCall, event: ToolReturned | ToolFailed) -> ToolOutcome:
    if isinstance(event, ToolFailed):
        return ToolOutcome(call, event.reason, failed=True)
    return ToolOutcome(call, _told(event.output))


def _told(output: str) -> str:
    """`output` as a brain reads it; one from before passages knew their places stays as it is, to the byte."""
    read = json.loads(output)
    snippets = read.get("snippets", ())
    if not any(name in snippet for snippet in snippets for name in UNTOLD):
        return output
    kept = [{name: told for name, told in snippet.items() if name not in UNTOLD} for snippet in snippets]
    return json.dumps({**read, "snippets": kept}, ensure_ascii=False, separators=(",", ":"))
