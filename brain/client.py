"""The one seam to a brain: what it is asked, what it replies, how it fails. Every model stands behind `Brain`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from core.errors import HandrailError


@dataclass(frozen=True)
class Usage:
    """Tokens as the model counted them, or estimated at four characters each."""

    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False

    def __add__(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.estimated or other.estimated,
        )


class BrainUnavailable(HandrailError):
    """The model can't be reached or refuses to serve."""

    usage: Usage | None = None  # where it had read the prompt or begun to answer, and so is likely to charge for it
    retry_after_s: float | None = None  # where the service says how long it wants to be left alone
    went_out: bool = False  # the request was sent, and never answered


class BrainTimeout(BrainUnavailable):
    """The model did not answer in time."""


class BrainGarbled(BrainUnavailable):
    """The model's answer can't be read: cut off, empty, or not in the agreed form."""


class PromptTooLong(BrainUnavailable):
    """The prompt is too long for the model."""


class Intent(StrEnum):
    """What kind of text a reply is; control flow never hangs on prose."""

    ANSWER = "answer"  # claims facts, so it must cite
    CLARIFY = "clarify"  # asks the visitor back
    ABSTAIN = "abstain"  # says that the documents do not tell
    SMALLTALK = "smalltalk"  # greets, thanks; claims nothing


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it. `parameters` is a strict JSON Schema."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """A call as the model wrote it; `arguments` is raw JSON text, not yet validated."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class ToolOutcome:
    """A call that was made, and its output: JSON text, or one plain sentence when it failed."""

    call: ToolCall
    output: str
    failed: bool = False


@dataclass(frozen=True)
class Said:
    """One line of the thread's memory."""

    role: Literal["visitor", "agent", "staff"]
    text: str


@dataclass(frozen=True)
class Ask:
    """Everything that a brain may know for one step. The last of `memory` is what the visitor said now."""

    step: Literal["plan", "draft", "judge", "visit"]  # judge weighs an answer, visit plays who asks: no parts of a turn
    site_name: str
    memory: tuple[Said, ...]
    summary: str = ""  # of what was said before `memory`
    outcomes: tuple[ToolOutcome, ...] = ()  # of this turn, oldest first
    tools: tuple[ToolSpec, ...] = ()  # that may still be called
    feedback: str = ""  # why the last attempt was refused
    temperature: float = 0.2
    timeout_s: float = 5.0


@dataclass(frozen=True)
class Reply:
    """Either calls, or a text that cites evidence as `[c12]` right after the sentence that rests on it."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    intent: Intent = Intent.ANSWER
    model: str = ""
    usage: Usage = field(default_factory=Usage)


class Brain(Protocol):
    """A brain thinks one step. `on_text` hears the text as it comes; what it heard is provisional until the return.

    Raises BrainUnavailable or one of its children; nothing else.
    """

    @property
    def name(self) -> str:
        """The model's name, for the journal."""
        ...

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """Reply to `ask` within `ask.timeout_s` seconds."""
        ...
