"""Marks that a model puts before its text to say what kind of text it is: read here, and nowhere else."""

from collections.abc import Callable

from brain.client import Intent

MARKS = {"ABSTAIN:": Intent.ABSTAIN, "CLARIFY:": Intent.CLARIFY, "SMALLTALK:": Intent.SMALLTALK}
LONGEST = max(map(len, MARKS))
DRESSING = "*_`#> \t\r\n"  # what models like to wrap a mark in


def read_mark(text: str) -> tuple[Intent, str]:
    """The kind of `text`, and the text without its mark."""
    bare = text.lstrip(DRESSING)
    for mark, intent in MARKS.items():
        if bare[: len(mark)].upper() == mark:
            return intent, bare[len(mark) :].lstrip(DRESSING)
    return Intent.ANSWER, text.lstrip()


class MarkedText:
    """Streamed text that is held back for as long as it could still turn out to be a mark."""

    def __init__(self, on_text: Callable[[str], None]) -> None:
        """Pass on to `on_text` whatever is not a mark."""
        self.intent = Intent.ANSWER
        self._on_text = on_text
        self._held = ""
        self._passed: list[str] = []
        self._decided = False

    def add(self, piece: str) -> None:
        """Take a piece in; pass on what may be passed on."""
        if self._decided:
            self._pass(piece)
            return
        self._held += piece
        bare = self._held.lstrip(DRESSING)
        undecided = any(mark.startswith(bare[:LONGEST].upper()) for mark in MARKS)
        whole_mark = read_mark(self._held)
        if whole_mark[0] is not Intent.ANSWER:
            undecided = not whole_mark[1]
        if not undecided:
            self._decide()

    def end(self) -> str:
        """The whole text without its mark."""
        if not self._decided:
            self._decide()
        return "".join(self._passed).strip()

    def _decide(self) -> None:
        self._decided = True
        self.intent, text = read_mark(self._held)
        self._pass(text)

    def _pass(self, text: str) -> None:
        if text:
            self._passed.append(text)
            self._on_text(text)
