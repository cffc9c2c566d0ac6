"""What a turn asks for: effects are imperatives, and the state is all that `step` remembers between two events."""

from dataclasses import dataclass, field
from typing import Any

from orchestrator.events import Call, Limits, Outcome, Phase, Phrase

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
class HoldForReview:
    """Keep a draft that the guards passed until a person has approved it. The visitor does not see it yet."""

    text: str
    citations: tuple[dict[str, Any], ...] = ()


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
Inside = ScreenMessage | CheckDraft | HoldForReview | OpenCircuit | OpenTicket | QueueHandoff | Say | SayPhrase | Finish
Effect = Outside | Inside

# A turn has one ticket and one handoff, whoever asks for them.
KEYS = {"create_ticket": "ticket", "handoff_human": "handoff"}


def key_of(call: Call) -> str:
    """Under which key, within its turn, `call` writes.

    `OpenTicket` and `QueueHandoff` write under the same ones. So a tool that had written before its worker died or its
    time ran out, and the machine that then opens the ticket itself, end in one ticket, in whichever order they come.
    """
    return KEYS.get(call.tool, call.id)


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
    refused: bool | str = False  # … and the guards refused it: end after the tool; a text: why a person must see it
    intent: str = ""
    ticketed: bool = False  # the brain opened a ticket in this turn
    phrase: Phrase | None = None  # to be said once the ticket has its number
    outcome: Outcome | None = None
