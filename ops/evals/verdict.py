"""Holds what came of a conversation against what was expected, and tells every fault in words. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from kb.analysis.language import language_of
from ops.evals.golden import Expected, Fact, HandoffExpected, StateExpected, TicketExpected, ToolExpected
from ops.evals.observed import Conversation, Observed, SeenHandoff, SeenTicket, State
from ops.evals.run_form import GuardSaid, ToolUse

SPACE = re.compile(r"\s+")


def faults(expected: Expected, seen: Conversation) -> Iterator[str]:
    """Everything that is wrong with the last turn of `seen`, and with what all of it did."""
    last = seen.last
    yield from _ended(expected, last)
    yield from _sources(expected, last)
    yield from _facts(expected, last.reply)
    if expected.language and (found := language_of(last.reply)) != expected.language:
        yield f"replies in {found or 'no language that is known'}, wanted: {expected.language}"
    yield from tool_faults(expected, seen.tools)
    if expected.state is not None:
        yield from state_faults(expected.state, last.state)
    yield from guard_faults(expected, seen.guards)
    yield from (f"keeps {value!r}" for value in expected.kept_not if value in last.state.kept)
    if any(turn.replays is False for turn in seen.turns):
        yield "a turn does not replay as it went"


def says(fact: Fact, text: str) -> bool:
    """True where `text` has one of the spellings of `fact`.

    Case and white space do not count; a number is a whole one: "60 days" does not stand in "160 days".
    """
    return any(_holds(_folded(spelling), _folded(text)) for spelling in fact)


def matches(wanted: ToolExpected, use: ToolUse) -> bool:
    """True for a call of that tool with those arguments; 10201 is "10201", and case does not count."""
    right = all(_same(value, use.arguments.get(name)) for name, value in wanted.arguments.items())
    return use.name == wanted.name and right and wanted.ok in {None, use.ok}


def tool_faults(expected: Expected, uses: Sequence[ToolUse]) -> Iterator[str]:
    """Calls that lack, and calls that should not be. Each call counts for one expectation."""
    left = list(uses)
    for wanted in expected.tools or ():
        found = next((use for use in left if matches(wanted, use)), None)
        if found is not None:
            left.remove(found)
        else:
            yield f"does not call {_told(wanted.name, wanted.arguments)}{_done(wanted.ok)}; calls: {_calls(uses)}"
    yield from (f"calls {use.name}, which it must not" for use in uses if use.name in expected.tools_not)


def state_faults(expected: StateExpected, state: State) -> Iterator[str]:
    """What the database says otherwise."""
    if expected.status not in {None, state.status}:
        yield f"the conversation is with {state.status}, wanted: {expected.status}"
    if expected.language not in {None, state.language}:
        yield f"its language is noted as {state.language or 'unknown'}, wanted: {expected.language}"
    if expected.tickets is not None:
        yield from _rows("ticket", expected.tickets, state.tickets)
    if expected.handoffs is not None:
        yield from _rows("handoff", expected.handoffs, state.handoffs)


def guard_faults(expected: Expected, verdicts: Sequence[GuardSaid]) -> Iterator[str]:
    """Guards that should have objected, and those that should not have."""
    if expected.guards is None:
        return
    objected = {said.guard: said.reason for said in verdicts if not said.passed}
    for guard in expected.guards.trips:
        if guard not in objected:
            yield f"the guard {guard} does not object"
    quiet = objected if expected.guards.quiet == "all" else expected.guards.quiet
    for guard in quiet:
        if guard in objected:
            yield f"the guard {guard} objects: {objected[guard]}"


def _ended(expected: Expected, last: Observed) -> Iterator[str]:
    if last.outcome not in expected.outcome:
        yield f"outcome {last.outcome}, allowed: {', '.join(expected.outcome)}"


def _sources(expected: Expected, last: Observed) -> Iterator[str]:
    cited = set(last.cited)
    if expected.sources and not cited & set(expected.sources):
        yield f"cites {', '.join(last.cited) or 'nothing'}, right: {' or '.join(expected.sources)}"
    for name in expected.all_sources:
        if name not in cited:
            yield f"does not cite {name}; cites {', '.join(last.cited) or 'nothing'}"
    for name in expected.sources_not:
        if name in cited or name in last.retrieved:
            yield f"{'cites' if name in cited else 'finds'} {name}, which it must not"


def _facts(expected: Expected, reply: str) -> Iterator[str]:
    yield from (f"lacks {_spellings(fact)}" for fact in expected.must if not says(fact, reply))
    yield from (f"says {_spellings(fact)}" for fact in expected.must_not if says(fact, reply))


def _rows(
    what: str,
    expected: Sequence[TicketExpected] | Sequence[HandoffExpected],
    seen: Sequence[SeenTicket] | Sequence[SeenHandoff],
) -> Iterator[str]:
    if len(expected) != len(seen):
        yield f"{len(seen)} {what}s stand in the database, wanted: {len(expected)}"
        return
    left: list[SeenTicket | SeenHandoff] = list(seen)
    for wanted in expected:
        found = next((row for row in left if not list(_row_faults(wanted, row))), None)
        if found is not None:
            left.remove(found)
        else:
            yield f"{what}: " + "; ".join(fault for row in left for fault in _row_faults(wanted, row))


def _row_faults(wanted: TicketExpected | HandoffExpected, row: SeenTicket | SeenHandoff) -> Iterator[str]:
    for name in ("email", "priority", "status"):
        value, found = getattr(wanted, name, None), getattr(row, name, None)
        if value is not None and not _same(value, found):
            yield f"{name} is {found}, wanted: {value}"
    yield from (f"says nothing of {words!r}" for words in wanted.says if not says((words,), row.text))


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict | list) or wanted is None or found is None:
        return bool(wanted == found)
    return _folded(str(wanted)) == _folded(str(found))


def _holds(wanted: str, said: str) -> bool:
    before = r"(?<!\d)(?<!\d[.,])" if wanted[:1].isdigit() else ""
    after = r"(?!\d)(?![.,]\d)" if wanted[-1:].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, said) is not None


def _folded(text: str) -> str:
    return SPACE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _spellings(fact: Fact) -> str:
    return " or ".join(repr(spelling) for spelling in fact)


def _told(name: str, arguments: dict[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"


def _done(ok: bool | None) -> str:  # noqa: FBT001 (it is a field's value)
    return {None: "", True: " with success", False: " in vain"}[ok]


def _calls(uses: Sequence[ToolUse]) -> str:
    return "; ".join(_told(use.name, use.arguments) + ("" if use.ok else " in vain") for use in uses) or "none"
