"""What came of each tool call of a turn, from its journal."""

from collections.abc import Iterable

from brain.client import ToolCall, ToolOutcome
from orchestrator.codec import Json
from orchestrator.events import Event, ToolFailed, ToolReturned


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
    return ToolOutcome(call, event.output)
