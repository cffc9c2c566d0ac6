"""What a visitor says next: by a script, or as a model plays them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from brain.client import Ask, Brain, BrainUnavailable, Said, ToolCall, ToolOutcome
from ops.evals.verdict import says
from ops.simulation.persona import Persona

SECONDS = 30.0
LEAVES = "LEAVES"
LONGEST = 2_000  # characters of a line: what a model writes without end is no visitor's


class Mind(Protocol):
    """Who decides for a visitor."""

    def opening(self) -> str:
        """The first words."""
        ...

    def next(self, replies: Sequence[str]) -> str | None:
        """What to say to the last of the agent's `replies`; None: nothing more."""
        ...


def reached(persona: Persona, replies: Sequence[str]) -> bool:
    """Whether everything that the visitor wanted to hear was said. Nobody who wants nothing in particular ever is."""
    heard = "\n".join(replies)
    return bool(persona.satisfied) and all(says(fact, heard) for fact in persona.satisfied)


@dataclass
class Scripted:
    """Says what stands in the script, each line once: the same replies, the same words."""

    persona: Persona
    said: set[str] = field(default_factory=set)
    opened: int = 0

    def opening(self) -> str:
        """The first line."""
        self.opened = 1
        return self.persona.spoken(self.persona.opens[0])

    def next(self, replies: Sequence[str]) -> str | None:
        """What answers the reply; else what they still have to say; else what they say to everything."""
        if reached(self.persona, replies):
            return None
        fitting = (
            line
            for answer in self.persona.answers
            if re.search(answer.hears, replies[-1] if replies else "", re.IGNORECASE)
            for line in answer.says
        )
        line = next((line for line in (*fitting, *self._left()) if line not in self.said), None)
        if line is None:
            return None
        self.said.add(line)
        return self.persona.spoken(line)

    def _left(self) -> Sequence[str]:
        return (*self.persona.opens[1:], *self.persona.otherwise)


@dataclass
class Played:
    """A model plays the visitor: goal, facts and manners are its part, the agent's replies what it hears."""

    persona: Persona
    brain: Brain
    seconds: float = SECONDS  # for each line
    spoken: list[str] = field(default_factory=list)
    fault: str = ""  # why nobody could play on; a visitor who went is something else

    def opening(self) -> str:
        """The script's first line, so that every run begins alike."""
        self.spoken = [self.persona.spoken(self.persona.opens[0])]
        return self.spoken[0]

    def next(self, replies: Sequence[str]) -> str | None:
        """What the model says; None where it leaves, or can't be asked."""
        if reached(self.persona, replies):
            return None
        try:
            said = self.brain.think(self._ask(replies), lambda _: None).text.strip()
        except BrainUnavailable as error:
            self.fault = f"the model could not play this visitor: {error.detail}"
            return None
        if not said:
            self.fault = "the model could not play this visitor: it said nothing"
        if not said or LEAVES in said:
            return None
        said = said[:LONGEST]
        self.spoken.append(said)
        return said

    def _ask(self, replies: Sequence[str]) -> Ask:
        part = {"goal": self.persona.goal, "facts": self.persona.facts, "manners": self.persona.manners}
        part |= {"language": self.persona.language}
        given = ToolOutcome(ToolCall("part", "part", "{}"), json.dumps(part, ensure_ascii=False))
        talk = [line for pair in zip(self.spoken, replies, strict=False) for line in pair]
        memory = [Said("agent" if n % 2 == 0 else "visitor", text) for n, text in enumerate(talk)]
        return Ask("visit", "", tuple(memory), outcomes=(given,), temperature=0.7, timeout_s=self.seconds)
