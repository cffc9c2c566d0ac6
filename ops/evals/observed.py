"""What came of a message, or of a whole conversation: plain data, so that judging it needs no database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ops.evals.run_form import GuardSaid, ToolUse
from orchestrator.evidence import Evidence
from orchestrator.guards.draft import DraftText


@dataclass(frozen=True)
class SeenTicket:
    """A ticket as it stands in the database."""

    email: str | None
    priority: str
    status: str
    text: str  # subject and body


@dataclass(frozen=True)
class SeenHandoff:
    """A handoff as it stands in the database."""

    status: str
    priority: str
    text: str  # its reason


@dataclass(frozen=True)
class State:
    """What a conversation leaves in the database."""

    status: str
    language: str
    tickets: tuple[SeenTicket, ...] = ()
    handoffs: tuple[SeenHandoff, ...] = ()
    kept: str = ""  # all words of it that the database holds: messages, journals, tickets, handoffs


@dataclass(frozen=True)
class Observed:
    """One turn, and the conversation's state right after it. Names of documents are those that golden sets use.

    `draft` is the answer with its `[c12]` marks, and `evidence` what it may rest on; None where a phrase was said.
    `retrieved` is best first. `phases` are seconds; `seconds` is from the message to the end of its turn.
    """

    reply: str
    outcome: str
    state: State
    seconds: float
    cited: tuple[str, ...] = ()
    retrieved: tuple[str, ...] = ()
    tools: tuple[ToolUse, ...] = ()
    guards: tuple[GuardSaid, ...] = ()
    draft: DraftText | None = None
    evidence: Evidence = field(default_factory=Evidence)
    phases: dict[str, float] = field(default_factory=dict)
    tokens: tuple[int, int] = (0, 0)
    cost_micro: int = 0  # millionths of a dollar
    turn_id: UUID | None = None
    replays: bool | None = None  # None where there is no turn


@dataclass(frozen=True)
class Conversation:
    """A case's turns, in order."""

    turns: Sequence[Observed]

    @property
    def last(self) -> Observed:
        """What the verdict is on."""
        return self.turns[-1]

    @property
    def tools(self) -> tuple[ToolUse, ...]:
        """Every call."""
        return tuple(use for turn in self.turns for use in turn.tools)

    @property
    def guards(self) -> tuple[GuardSaid, ...]:
        """Every verdict."""
        return tuple(said for turn in self.turns for said in turn.guards)
