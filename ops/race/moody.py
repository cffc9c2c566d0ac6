"""A brain of changing mind and pace, in pieces: what it does is chance, and what it was shown is looked through."""

import random
import time
from collections.abc import Callable

from brain.client import Ask, BrainUnavailable, Intent, Reply, ToolCall

INTERNAL = "INTERNAL"  # stands in whatever only staff may read
SLOWEST_S = 0.01
TEXTS = ("Happy to help you with that. Tell me more about it.", "That is good to hear. Is there anything else?")
PERSON = ToolCall("p", "handoff_human", '{"reason": "They want somebody.", "transcript_excerpt": ""}')
CASE = '{"email": "ana@example.com", "subject": "Help", "body": "Please.", "priority": "normal"}'
TICKET = ToolCall("t", "create_ticket", CASE)


class Moody:
    """Talks, calls a person, opens a ticket, or fails."""

    name = "moody"

    def __init__(self, seed: int) -> None:
        """The same seed makes the same choices, though not at the same moments."""
        self._chance = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self.leaks: list[str] = []  # what it was shown and should not have been

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """Think for a while, and maybe speak. Raises BrainUnavailable."""
        if INTERNAL in repr(ask):
            self.leaks.append("a brain was shown what is internal")
        offered = {tool.name for tool in ask.tools}
        self._pause()
        match self._chance.choices(("talk", "person", "ticket", "fail"), (12, 2, 2, 1))[0]:
            case "person" if PERSON.name in offered:
                return Reply(calls=(PERSON,))
            case "ticket" if TICKET.name in offered:
                return Reply(calls=(TICKET,))
            case "fail":
                raise BrainUnavailable
        text = self._chance.choice(TEXTS)
        for word in text.split():
            on_text(f"{word} ")
            self._pause(share=0.2)
        return Reply(text=text, intent=Intent.SMALLTALK)

    def _pause(self, share: float = 1.0) -> None:
        time.sleep(self._chance.random() * SLOWEST_S * share)
