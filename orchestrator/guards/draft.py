"""A draft as the output guards see it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DraftText:
    """The brain's text with its `[c12]` marks. `partial` is true for a single sentence while the rest is coming."""

    text: str
    intent: str
    partial: bool = False
    cited_before: tuple[str, ...] = ()  # ids that earlier sentences of the same draft cite
