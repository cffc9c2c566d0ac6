"""The machine's transition table, drawn from the code: `python -m orchestrator.table > orchestrator/TRANSITIONS.md`."""

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.effects import Effect, State
from orchestrator.events import (
    BrainFailed,
    Call,
    CallsProposed,
    CallsRefused,
    DeadlinePassed,
    DraftApproved,
    DraftFailedGuard,
    DraftPassedGuards,
    DraftRefused,
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
TICKET = Call("1.1", "create_ticket", "{}")
TWO_BRAINS = State(n=1, limits=Limits(models=2))
REVIEW = State(n=1, limits=Limits(mode="review"))
UNSURE = State(n=1, limits=Limits(mode="review", review_below=0.5))
SHADOW = State(n=1, limits=Limits(mode="shadow"))
CLOSED = State(n=1, limits=Limits(closed=True))

SITUATIONS: tuple[tuple[str, State], ...] = (
    ("open", State()),
    ("planning", replace(TWO_BRAINS, phase=Phase.PLANNING)),
    ("planning, last brain, one refusal", replace(TWO_BRAINS, phase=Phase.PLANNING, model=1, calls_refused=1)),
    ("planning, a ticket is open", replace(TWO_BRAINS, phase=Phase.PLANNING, ticketed=True)),
    ("using_tool", replace(TWO_BRAINS, phase=Phase.USING_TOOL, running=SEARCH, calls_made=1)),
    ("using_tool, visitor wrote more", replace(TWO_BRAINS, phase=Phase.USING_TOOL, running=SEARCH, said_more=True)),
    ("using_tool, what the visitor wrote was refused", replace(TWO_BRAINS, phase=Phase.USING_TOOL, refused=True)),
    ("using_tool, a person must see what was written", replace(TWO_BRAINS, phase=Phase.USING_TOOL, refused="…")),
    (
        "using_tool, more calls wait",
        replace(TWO_BRAINS, phase=Phase.USING_TOOL, running=SEARCH, waiting_calls=(SEARCH,)),
    ),
    ("using_tool, retries used up", replace(TWO_BRAINS, phase=Phase.USING_TOOL, running=SEARCH, tool_attempt=2)),
    ("using_tool handoff_human", replace(TWO_BRAINS, phase=Phase.USING_TOOL, running=PERSON, tool_attempt=2)),
    ("out of hours, using_tool handoff_human", replace(CLOSED, phase=Phase.USING_TOOL, running=PERSON)),
    ("drafting", replace(TWO_BRAINS, phase=Phase.DRAFTING, calls_made=1)),
    ("drafting, no call left", replace(TWO_BRAINS, phase=Phase.DRAFTING, calls_made=3)),
    ("drafting, last brain, one refusal", replace(TWO_BRAINS, phase=Phase.DRAFTING, model=1, calls_refused=1)),
    ("checking", replace(TWO_BRAINS, phase=Phase.CHECKING, intent="answer")),
    ("checking, redraft used up", replace(TWO_BRAINS, phase=Phase.CHECKING, intent="answer", redrafts=1)),
    ("checking, review of all", replace(REVIEW, phase=Phase.CHECKING, intent="answer")),
    ("checking, review of the unsure", replace(UNSURE, phase=Phase.CHECKING, intent="answer")),
    ("reviewing", replace(REVIEW, phase=Phase.REVIEWING, intent="answer")),
    ("shadow planning", replace(SHADOW, phase=Phase.PLANNING)),
    ("shadow checking", replace(SHADOW, phase=Phase.CHECKING, intent="answer", redrafts=1)),
    ("escalating to a ticket", replace(TWO_BRAINS, phase=Phase.ESCALATING, phrase=Phrase.CHECKING_FURTHER)),
    ("escalating to a person", replace(TWO_BRAINS, phase=Phase.ESCALATING)),
    ("out of hours, escalating to a person", replace(CLOSED, phase=Phase.ESCALATING)),
    ("out of hours, escalating to a ticket", replace(CLOSED, phase=Phase.ESCALATING, phrase=Phrase.NOBODY_THERE)),
    ("done", replace(TWO_BRAINS, phase=Phase.DONE, outcome=Outcome.ANSWERED)),
)

EVENTS: tuple[tuple[str, Event], ...] = (
    ("TurnOpened", TurnOpened(Limits())),
    ("VisitorSaid", VisitorSaid("m")),
    ("MessageScreened passed", MessageScreened((Verdict("length", passed=True),))),
    ("MessageScreened refused", MessageScreened((Verdict("length", passed=False),))),
    ("MessageScreened for a person", MessageScreened((Verdict("disclosures", passed=False, reason="…"),))),
    ("CallsProposed", CallsProposed(1, (SEARCH,))),
    ("CallsProposed create_ticket", CallsProposed(1, (TICKET,))),
    ("CallsRefused", CallsRefused(1, "…")),
    ("DraftWritten", DraftWritten(1, "…", "answer")),
    ("BrainFailed", BrainFailed(1, "…")),
    ("ToolReturned", ToolReturned(1, "{}")),
    ("ToolFailed, again", ToolFailed(1, "…", again=True)),
    ("ToolFailed for good", ToolFailed(1, "…", again=False)),
    ("DraftPassedGuards", DraftPassedGuards((), "…")),
    ("DraftPassedGuards, unsure", DraftPassedGuards((), "…", confidence=0.4)),
    ("DraftFailedGuard", DraftFailedGuard((), "…")),
    ("DraftApproved", DraftApproved(1, "…", "…")),
    ("DraftRefused", DraftRefused(1, "…", "…")),
    ("TicketOpened", TicketOpened(1, address_known=True)),
    ("HandoffQueued", HandoffQueued(1)),
    ("PersonAskedFor", PersonAskedFor("…")),
    ("PersonClaimed", PersonClaimed("…")),
    ("DeadlinePassed", DeadlinePassed()),
)

HEAD = """# What happens next

Drawn from `orchestrator/machine.py` by `python -m orchestrator.table`: first how the phases follow each other, then
every pair of a situation and an event. A pair that is not listed is illegal and raises. An answer that carries an older
number than the state's is swallowed in every phase.

"""
COLUMNS = """| while | when | then | do |
|---|---|---|---|
"""


def moves() -> Iterator[tuple[str, str, State, State, tuple[Effect, ...] | None]]:
    """Every legal pair: situation, event, the state before and after, and the effects (None: swallowed)."""
    for situation, state in SITUATIONS:
        for name, event in EVENTS:
            try:
                after, effects = step(state, event)
            except IllegalEvent:
                continue
            yield situation, name, state, after, None if comes_late(state, event) else effects


def rows() -> Iterator[str]:
    """One row for each legal pair."""
    for situation, name, _, after, effects in moves():
        deeds = "swallow it" if effects is None else ", ".join(type(each).__name__ for each in effects)
        yield f"| {situation} | {name} | {after.phase} | {deeds or 'remember it'} |"


def diagram() -> str:
    """The phases and what leads from one to the next, as Mermaid; what stays in its phase is left out."""
    causes: dict[tuple[Phase, Phase], dict[str, None]] = {}
    for _, name, before, after, _ in moves():
        if before.phase is not after.phase:
            causes.setdefault((before.phase, after.phase), {})[name.split()[0].rstrip(",")] = None
    lines = [f"    {one} --> {other}: {', '.join(names)}" for (one, other), names in causes.items()]
    body = "\n".join(["stateDiagram-v2", "    [*] --> open", *lines, "    done --> [*]"])
    return f"```mermaid\n{body}\n```\n"


def draw() -> str:
    """The diagram and the whole table as Markdown."""
    return f"{HEAD}{diagram()}\n{COLUMNS}" + "\n".join(rows()) + "\n"


if __name__ == "__main__":
    print(draw(), end="")
