"""The machine's transition table, drawn from the code: `python -m orchestrator.table > orchestrator/TRANSITIONS.md`."""

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.effects import State
from orchestrator.events import (
    BrainFailed,
    Call,
    CallsProposed,
    CallsRefused,
    DeadlinePassed,
    DraftFailedGuard,
    DraftPassedGuards,
    DraftWritten,
    Event,
    HandoffQueued,
    Limits,
    MessageScreened,
    Outcome,
    PersonAskedFor,
    PersonClaimed,
    Phase,
    Phrase,
    TicketOpened,
    ToolFailed,
    ToolReturned,
    TurnOpened,
    Verdict,
    VisitorSaid,
)
from orchestrator.machine import IllegalEvent, comes_late, step

SEARCH = Call("1.1", "search_kb", "{}")
PERSON = Call("1.1", "handoff_human", "{}")
TWO_BRAINS = State(n=1, limits=Limits(models=2))

SITUATIONS: tuple[tuple[str, State], ...] = (
    ("open", State()),
    ("planning", replace(TWO_BRAINS, phase=Phase.PLANNING)),
    ("planning, last brain, one refusal", replace(TWO_BRAINS, phase=Phase.PLANNING, model=1, calls_refused=1)),
    ("using_tool", replace(TWO_BRAINS, phase=Phase.USING_TOOL, running=SEARCH, calls_made=1)),
    ("using_tool, visitor wrote more", replace(TWO_BRAINS, phase=Phase.USING_TOOL, running=SEARCH, said_more=True)),
    (
        "using_tool, more calls wait",
        replace(TWO_BRAINS, phase=Phase.USING_TOOL, running=SEARCH, waiting_calls=(SEARCH,)),
    ),
    ("using_tool, retries used up", replace(TWO_BRAINS, phase=Phase.USING_TOOL, running=SEARCH, tool_attempt=2)),
    ("using_tool handoff_human", replace(TWO_BRAINS, phase=Phase.USING_TOOL, running=PERSON, tool_attempt=2)),
    ("drafting", replace(TWO_BRAINS, phase=Phase.DRAFTING, calls_made=1)),
    ("drafting, no call left", replace(TWO_BRAINS, phase=Phase.DRAFTING, calls_made=3)),
    ("checking", replace(TWO_BRAINS, phase=Phase.CHECKING, intent="answer")),
    ("checking, redraft used up", replace(TWO_BRAINS, phase=Phase.CHECKING, intent="answer", redrafts=1)),
    ("escalating to a ticket", replace(TWO_BRAINS, phase=Phase.ESCALATING, phrase=Phrase.CHECKING_FURTHER)),
    ("escalating to a person", replace(TWO_BRAINS, phase=Phase.ESCALATING)),
    ("done", replace(TWO_BRAINS, phase=Phase.DONE, outcome=Outcome.ANSWERED)),
)

EVENTS: tuple[tuple[str, Event], ...] = (
    ("TurnOpened", TurnOpened(Limits())),
    ("VisitorSaid", VisitorSaid("m")),
    ("MessageScreened passed", MessageScreened((Verdict("length", passed=True),))),
    ("MessageScreened refused", MessageScreened((Verdict("length", passed=False),))),
    ("CallsProposed", CallsProposed(1, (SEARCH,))),
    ("CallsRefused", CallsRefused(1, "…")),
    ("DraftWritten", DraftWritten(1, "…", "answer")),
    ("BrainFailed", BrainFailed(1, "…")),
    ("ToolReturned", ToolReturned(1, "{}")),
    ("ToolFailed, again", ToolFailed(1, "…", again=True)),
    ("ToolFailed for good", ToolFailed(1, "…", again=False)),
    ("DraftPassedGuards", DraftPassedGuards((), "…")),
    ("DraftFailedGuard", DraftFailedGuard((), "…")),
    ("TicketOpened", TicketOpened(1, address_known=True)),
    ("HandoffQueued", HandoffQueued(1)),
    ("PersonAskedFor", PersonAskedFor("…")),
    ("PersonClaimed", PersonClaimed("…")),
    ("DeadlinePassed", DeadlinePassed()),
)

HEAD = """# What happens next

Drawn from `orchestrator/machine.py` by `python -m orchestrator.table`. A pair that is not listed is illegal and raises.
An answer that carries an older number than the state's is swallowed in every phase.

| while | when | then | do |
|---|---|---|---|
"""


def rows() -> Iterator[str]:
    """One row for each legal pair."""
    for situation, state in SITUATIONS:
        for name, event in EVENTS:
            try:
                after, effects = step(state, event)
            except IllegalEvent:
                continue
            deeds = "swallow it" if comes_late(state, event) else ", ".join(type(each).__name__ for each in effects)
            yield f"| {situation} | {name} | {after.phase} | {deeds or 'remember it'} |"


def draw() -> str:
    """The whole table as Markdown."""
    return HEAD + "\n".join(rows()) + "\n"


if __name__ == "__main__":
    print(draw(), end="")
