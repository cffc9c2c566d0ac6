"""The brain without a model: plans by rules, answers in the documents' own sentences, always the same way."""

from collections.abc import Callable

from brain.client import Ask, Reply
from brain.extractive.answer import draft
from brain.extractive.plan import plan


class Extractive:
    """Stands behind the same seam as a hosted model; uses no clock, no chance and no network."""

    name = "extractive"

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """Reply to `ask`; the text comes in one piece."""
        reply = draft(ask) if ask.outcomes else plan(ask)
        if reply.text:
            on_text(reply.text)
        return reply
