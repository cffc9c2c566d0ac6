"""What can happen in a turn: events are facts in the past tense.

All of it is frozen and plain, so that a turn can be written down and read back; `effects` likewise. `n` numbers what a
turn waits for (a brain, a tool, a person's look at a draft): an answer that carries an older `n` than the state's comes
late, and is swallowed.
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
    REVIEWING = "reviewing"  # a person looks at the draft
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
    NOBODY_THERE = "nobody_there"  # a person is wanted out of hours


@dataclass(frozen=True)
class Limits:
    """The numbers that bound a turn, written into its journal so that a replay uses the same."""

    max_tool_calls: int = 3
    tool_retry_delays_ms: tuple[int, ...] = (200, 400)
    max_redrafts: int = 1
    models: int = 1  # how many brains the fallback chain has
    mode: str = "live"  # live, review (a person approves drafts), shadow (the agent says nothing of its own)
    # In review, a person sees the drafts of these intents and those below this confidence; with neither set, every one.
    review_kinds: tuple[str, ...] = ()
    review_below: float = 0.0
    closed: bool = False  # it began out of the hours in which the site's people are there
    language: str = ""  # of the conversation, ISO 639-1: our own phrases are said in it; empty: in English


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
    cost_micro: int = 0  # millionths of a dollar


# ---- events ----


@dataclass(frozen=True)
class TurnOpened:
    """A turn began, under these limits; `settings` and `prompts` (name, hash) tell what else could change it."""

    limits: Limits
    settings: str = ""
    prompts: tuple[tuple[str, str], ...] = ()


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
    """The model failed, was too slow, or may not be paid for any more."""

    n: int
    reason: str
    spent: Spent = field(default_factory=Spent)


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
    confidence: float = 1.0


@dataclass(frozen=True)
class DraftFailedGuard:
    """An output guard objected; `reason` tells the brain why."""

    verdicts: tuple[Verdict, ...]
    reason: str


@dataclass(frozen=True)
class DraftApproved:
    """`person` lets the held draft number `n` go out, as it was or edited: `text` is what the visitor will see."""

    n: int
    person: str
    text: str
    citations: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class DraftRefused:
    """`person` does not let the held draft number `n` go out."""

    n: int
    person: str
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
Review = DraftApproved | DraftRefused
Event = (
    TurnOpened
    | VisitorSaid
    | MessageScreened
    | Result
    | DraftPassedGuards
    | DraftFailedGuard
    | Review
    | TicketOpened
    | HandoffQueued
    | PersonAskedFor
    | PersonClaimed
    | DeadlinePassed
)
