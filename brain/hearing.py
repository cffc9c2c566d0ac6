"""What has been heard of a streamed answer so far, in a form that is the same for every API."""

from collections.abc import Callable
from dataclasses import dataclass, field

from brain.client import Ask, BrainGarbled, BrainUnavailable, PromptTooLong, Reply, ToolCall, Usage
from brain.marks import MarkedText

CHARS_PER_TOKEN = 4
MOST_TOKENS = 100_000_000  # a count above this is not a count
MOST_TEXT = 40_000  # characters; six sentences were asked for
MOST_CALLS = 32
MOST_ARGUMENTS = 100_000  # characters; what is cut here is no JSON any more, so the call is refused like any other
MOST_NAME = 128
REFUSED = frozenset({"content_filter", "refusal"})
OVERFLOWED = "model_context_window_exceeded"
CUT_OFF = frozenset({"length", "max_tokens", "pause_turn", "error", "abort", OVERFLOWED})


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


@dataclass
class _Call:
    index: int
    id: str
    name: str
    arguments: list[str] = field(default_factory=list)
    chars: int = 0


class Hearing:
    """Adds pieces up to a Reply; passes text on as soon as it can't be a mark any more."""

    def __init__(self, ask: Ask, prompt_chars: int, on_text: Callable[[str], None]) -> None:
        """Listen for the answer to `ask`, whose prompt had `prompt_chars` characters (for the estimate of usage)."""
        self._prompt_chars = prompt_chars + sum(len(spec.description) + len(str(spec.parameters)) for spec in ask.tools)
        self._text = MarkedText(on_text)
        self._chars = 0
        self._calls: list[_Call] = []
        self._finish = self._model = ""
        self._input: int | None = None
        self._output: int | None = None

    @property
    def finished(self) -> bool:
        """True once the model has said why it ended."""
        return bool(self._finish)

    def take(self, piece: Piece) -> bool:
        """Add one piece; True where it said anything. Raises BrainGarbled when it is too much."""
        for bit in piece.calls:
            self._add(bit)
        if piece.text:
            self._chars += len(piece.text)
            if self._chars > MOST_TEXT:
                raise BrainGarbled("The model's answer does not end.")
            self._text.add(clean(piece.text))
        self._finish = piece.finish or self._finish
        self._model = piece.model or self._model
        self._input = piece.input_tokens or self._input
        self._output = piece.output_tokens or self._output
        return bool(piece.text or piece.calls or piece.finish)

    def _add(self, bit: CallBit) -> None:
        call = self._known(bit)
        if call is None:
            if len(self._calls) == MOST_CALLS:
                return
            call = _Call(bit.index, bit.id, bit.name)
            self._calls.append(call)
        call.name = call.name or bit.name
        call.chars += len(bit.arguments)
        if call.chars - len(bit.arguments) < MOST_ARGUMENTS:
            call.arguments.append(bit.arguments[:MOST_ARGUMENTS])

    def _known(self, bit: CallBit) -> _Call | None:
        """The call that `bit` goes on with. Some servers give every call the index 0, so a new id is a new call."""
        for call in reversed(self._calls):
            if call.index == bit.index and bit.id in {"", call.id}:
                return call
        return None

    def reply(self, model: str) -> Reply:
        """The whole answer. Raises BrainGarbled when it is cut off or empty, BrainUnavailable when it was refused."""
        if self._finish in REFUSED:
            raise BrainUnavailable("The model refused to answer.")
        if self._finish == OVERFLOWED and not self._chars:
            raise PromptTooLong
        if not self._finish or self._finish in CUT_OFF:
            raise BrainGarbled("The model's answer is cut off.")
        calls = tuple(_whole(number, call) for number, call in enumerate(self._calls, 1))
        text = self._text.end()
        if not calls and not text:
            raise BrainGarbled("The model's answer is empty.")
        return Reply(
            text="" if calls else text,
            calls=calls,
            intent=self._text.intent,
            model=clean(self._model)[:MOST_NAME] or model,
            usage=self.usage(),
        )

    def usage(self) -> Usage:
        """Tokens so far: as the server counted them, or by the number of characters where it did not."""
        said = self._chars + sum(len(call.name) + call.chars for call in self._calls)
        return Usage(
            self._input or self._prompt_chars // CHARS_PER_TOKEN,
            self._output or -(-said // CHARS_PER_TOKEN),
            estimated=not self._input or not self._output,
        )


def _whole(number: int, call: _Call) -> ToolCall:
    if not call.name.strip():
        raise BrainGarbled("The model called a tool without a name.")
    arguments = clean("".join(call.arguments)) or "{}"
    return ToolCall(clean(call.id)[:MOST_NAME] or f"call_{number}", clean(call.name)[:MOST_NAME], arguments)


def clean(text: str) -> str:
    """`text` without what no database and no wire takes: NUL, and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def count(value: object) -> int | None:
    """A number of tokens as a server tells it, or None: absent, negative, a string, or beyond all sense."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MOST_TOKENS else None
