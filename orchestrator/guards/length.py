"""Input: the message says something, and not too much."""

from orchestrator.events import Verdict

LONGEST = 10_000  # characters; the door refuses earlier, by its own setting


def check(text: str) -> Verdict:
    """Refuse a message that is blank or far beyond what the door lets in."""
    if not text.strip():
        return Verdict("length", passed=False, reason="The message is empty.")
    if len(text) > LONGEST:
        return Verdict("length", passed=False, reason="The message is too long.")
    return Verdict("length", passed=True)
