"""The vocabulary of a turn: events are facts in the past tense, effects are imperatives, the state lies between.

All of it is frozen and plain, so that a turn can be written down and read back. `n` numbers the outside effects of a
turn: an answer that carries an older `n` than the state's comes late, and is swallowed.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Phase(StrEnum):
    """Where a turn stands."""

    OPEN = "open"  # nothing said yet
    PLANNING = "planning"
    USING_TOOL = "using_tool"
    DRAFTING = "drafting"
    CHECKING = "checking"
    ESCALATING = "escalating"
    DONE = "done"


class Outcome(StrEnum):
    """How a turn ended."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"  # it said that it does not know, or asked back
    HANDED_OFF = "handed_off"
    TICKETED = "ticketed"
    FAILED = "failed"  # the brain failed; the visitor was told, and a ticket is open


class Phrase(StrEnum):
    """What the agent says in its own words; the words themselves are in `phrases`."""

    PERSON_CALLED = "person_called"
    CHECKING_FURTHER = "checking_further"
    BRAIN_DOWN = "brain_down"
    NOT_CERTAIN = "not_certain"
    CANNOT_HELP = "cannot_help"


@dataclass(frozen=True)
class Limits:
    """The numbers that bound a turn, written into its journal so that a replay uses the same."""

    max_tool_calls: int = 3
    tool_retry_delays_ms: tuple[int, ...] = (200, 400)
    max_redrafts: int = 1
    models: int = 1  # how many brains the fallback chain has


@dataclass(frozen=True)
class Call:
    """A validated tool call; `arguments` is JSON text."""

    id: str
    tool: str
    arguments: str


@dataclass(frozen=True)
class Verdict:
    """What one guard found."""

    guard: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class Spent:
    """What one step of a brain cost."""

    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False


# ---- events ----


@dataclass(frozen=True)
class TurnOpened:
    """A turn began, under these limits."""

    limits: Limits


@dataclass(frozen=True)
class VisitorSaid:
    """The visitor wrote a message. The journal keeps its id, the message table its words."""

    message_id: str


@dataclass(frozen=True)
class MessageScreened:
    """The input guards looked at the message."""

    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class CallsProposed:
    """The brain wants these tools, and their arguments fit."""

    n: int
    calls: tuple[Call, ...]
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True)
class CallsRefused:
    """The brain wanted a tool that is not offered, or with arguments that break its schema."""

    n: int
    error: str
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True)
class DraftWritten:
    """The brain wrote an answer. `intent` is answer, clarify, abstain or smalltalk."""

    n: int
    text: str
    intent: str
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True)
class BrainFailed:
    """The model failed or was too slow."""

    n: int
    reason: str


@dataclass(frozen=True)
class ToolReturned:
    """The tool's validated output, as JSON text."""

    n: int
    output: str


@dataclass(frozen=True)
class ToolFailed:
    """The tool did not do its work; `reason` is one plain sentence. `again` says whether a retry may help."""

    n: int
    reason: str
    again: bool


@dataclass(frozen=True)
class DraftPassedGuards:
    """Every output guard agreed; `text` and `citations` are what the visitor will see."""

    verdicts: tuple[Verdict, ...]
    text: str
    citations: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class DraftFailedGuard:
    """An output guard objected; `reason` tells the brain why."""

    verdicts: tuple[Verdict, ...]
    reason: str


@dataclass(frozen=True)
class TicketOpened:
    """A ticket stands in the table. `address_known` says whether anybody can be answered by e-mail."""

    number: int
    address_known: bool


@dataclass(frozen=True)
class HandoffQueued:
    """The thread waits for a person."""

    number: int


@dataclass(frozen=True)
class PersonAskedFor:
    """The visitor pressed the button."""

    reason: str


@dataclass(frozen=True)
class PersonClaimed:
    """Somebody of the staff took the thread."""

    person: str


@dataclass(frozen=True)
class DeadlinePassed:
    """The turn's time is over."""


Result = CallsProposed | CallsRefused | DraftWritten | BrainFailed | ToolReturned | ToolFailed
Event = (
    TurnOpened
    | VisitorSaid
    | MessageScreened
    | Result
    | DraftPassedGuards
    | DraftFailedGuard
    | TicketOpened
    | HandoffQueued
    | PersonAskedFor
    | PersonClaimed
    | DeadlinePassed
)

# ---- effects that a worker performs outside of any transaction; each answers with an event that carries its `n` ----


@dataclass(frozen=True)
class Plan:
    """Ask brain number `model` what to do next."""

    n: int
    model: int = 0
    calls_left: int = 3
    feedback: str = ""


@dataclass(frozen=True)
class Draft:
    """Ask brain number `model` for the answer, with the tools' results at hand."""

    n: int
    model: int = 0
    calls_left: int = 0
    feedback: str = ""


@dataclass(frozen=True)
class RunTool:
    """Run `call`; wait first when it is a retry."""

    n: int
    call: Call
    wait_ms: int = 0


# ---- effects that are performed inside the transaction that records them ----


@dataclass(frozen=True)
class ScreenMessage:
    """Let the input guards look at a message."""

    message_id: str


@dataclass(frozen=True)
class CheckDraft:
    """Let the output guards look at a draft."""

    text: str
    intent: str


@dataclass(frozen=True)
class OpenTicket:
    """Open a ticket about this thread, once a turn."""

    reason: str


@dataclass(frozen=True)
class QueueHandoff:
    """Put the thread into the queue for a person."""

    reason: str


@dataclass(frozen=True)
class OpenCircuit:
    """Let a tool that failed through all its retries rest, in every process."""

    tool: str


@dataclass(frozen=True)
class Say:
    """Tell the visitor `text`: the guards passed it."""

    text: str
    citations: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class SayPhrase:
    """Tell the visitor one of our own phrases."""

    phrase: Phrase
    ticket: int | None = None
    address_known: bool = True


@dataclass(frozen=True)
class Finish:
    """End the turn."""

    outcome: Outcome


Outside = Plan | Draft | RunTool
Inside = ScreenMessage | CheckDraft | OpenCircuit | OpenTicket | QueueHandoff | Say | SayPhrase | Finish
Effect = Outside | Inside


@dataclass(frozen=True)
class State:
    """All that `step` remembers between two events."""

    phase: Phase = Phase.OPEN
    limits: Limits = field(default_factory=Limits)
    n: int = 0
    model: int = 0
    waiting_calls: tuple[Call, ...] = ()
    running: Call | None = None
    calls_made: int = 0
    tool_attempt: int = 0
    calls_refused: int = 0
    redrafts: int = 0
    said_more: bool = False  # the visitor wrote while a tool ran: plan again after it
    intent: str = ""
    ticketed: bool = False  # the brain opened a ticket in this turn
    phrase: Phrase | None = None  # to be said once the ticket has its number
    outcome: Outcome | None = None
