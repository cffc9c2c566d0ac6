"""Input: the message asks for something, and gives the assistant no orders about its own rules."""

from kb.screen import orders_in
from orchestrator.events import Verdict


def check(text: str) -> Verdict:
    """Refuse a message that tries to set the rules aside, to learn them, or to speak with another's voice."""
    found = orders_in(text, document=False)
    return Verdict("injection", found is None, "" if found is None else f"The message {found.kind}: “{found.words}”.")
