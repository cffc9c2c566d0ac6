"""Input: the message is text that a person could have typed."""

import unicodedata

from orchestrator.events import Verdict

ALLOWED_CONTROLS = "\n\t\r"
MOST_CONTROLS = 0.05  # share of control, unassigned and private characters that a pasted text may carry


def check(text: str) -> Verdict:
    """Refuse what is mostly not text: control characters, unassigned code points, replacement marks."""
    odd = sum(_odd(char) for char in text)
    passed = odd <= len(text) * MOST_CONTROLS
    return Verdict("encoding", passed, "" if passed else "The message is not readable text.")


def _odd(char: str) -> bool:
    if char in ALLOWED_CONTROLS:
        return False
    return char == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(char) in {"Cc", "Cn", "Co", "Cs"}
