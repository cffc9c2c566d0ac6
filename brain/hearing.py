"""What has been heard of a streamed answer so far, in a form that is the same for every API."""

from collections.abc import Callable
from dataclasses import dataclass

from brain.client import Ask, BrainGarbled, BrainUnavailable, Reply, ToolCall, Usage
from brain.marks import MarkedText

CHARS_PER_TOKEN = 4
REFUSED = frozenset({"content_filter", "refusal"})
CUT_OFF = frozenset({"length", "max_tokens", "model_context_window_exceeded"})


@dataclass(frozen=True)
class CallBit:
    """A piece of one tool call. Calls are told apart by `index`; id and name come once, arguments bit by bit."""

    index: int = 0
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True)
class Piece:
    """One event of a stream. Token counts replace earlier ones."""

    text: str = ""
    calls: tuple[CallBit, ...] = ()
    finish: str = ""
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None


class Hearing:
    """Adds pieces up to a Reply; passes text on as soon as it can't be a mark any more."""

    def __init__(self, ask: Ask, prompt_chars: int, on_text: Callable[[str], None]) -> None:
        """Listen for the answer to `ask`, whose prompt had `prompt_chars` characters (for the estimate of usage)."""
        self._offered = frozenset(spec.name for spec in ask.tools)
        self._prompt_chars = prompt_chars
        self._text = MarkedText(on_text)
        self._calls: list[CallBit] = []
        self._finish = self._model = ""
        self._input: int | None = None
        self._output: int | None = None

    def take(self, piece: Piece) -> None:
        """Add one piece."""
        for bit in piece.calls:
            self._add(bit)
        if piece.text:
            self._text.add(piece.text)
        self._finish = piece.finish or self._finish
        self._model = piece.model or self._model
        self._input = self._input if piece.input_tokens is None else piece.input_tokens
        self._output = self._output if piece.output_tokens is None else piece.output_tokens

    def _add(self, bit: CallBit) -> None:
        """Grow the call with this index. Some servers give every call the index 0, so a new id is a new call."""
        for at in range(len(self._calls) - 1, -1, -1):
            known = self._calls[at]
            if known.index == bit.index and bit.id in {"", known.id}:
                self._calls[at] = CallBit(
                    known.index, known.id, known.name or bit.name, known.arguments + bit.arguments
                )
                return
        self._calls.append(bit)

    def reply(self, model: str) -> Reply:
        """The whole answer. Raises BrainGarbled when it is cut off or empty, BrainUnavailable when it was refused."""
        if self._finish in REFUSED:
            raise BrainUnavailable("The model refused to answer.")
        if not self._finish or self._finish in CUT_OFF:
            raise BrainGarbled("The model's answer is cut off.")
        calls = tuple(self._call(number, bit) for number, bit in enumerate(self._calls, 1))
        text = self._text.end()
        if not calls and not text:
            raise BrainGarbled("The model's answer is empty.")
        return Reply(
            text="" if calls else text,
            calls=calls,
            intent=self._text.intent,
            model=self._model or model,
            usage=self._usage(text),
        )

    def _call(self, number: int, bit: CallBit) -> ToolCall:
        if not bit.name:
            raise BrainGarbled("The model called a tool without a name.")
        return ToolCall(bit.id or f"call_{number}", bit.name, bit.arguments or "{}")

    def _usage(self, text: str) -> Usage:
        said = len(text) + sum(len(bit.name) + len(bit.arguments) for bit in self._calls)
        return Usage(
            self._prompt_chars // CHARS_PER_TOKEN if self._input is None else self._input,
            -(-said // CHARS_PER_TOKEN) if self._output is None else self._output,
            estimated=self._input is None or self._output is None,
        )
