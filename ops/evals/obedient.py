"""A model that does what its prompt says, and nothing that it does not say: for rehearsals of what a prompt is for.

It knows no language: it thinks as the built-in brain does, and looks in the prompt for the rules that it keeps. A rule
that is not there is not kept. As models do, it now and then fails for no reason, by a seed.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from brain.client import Ask, Intent, Reply
from brain.extractive import Extractive
from brain.prompt import build_prompt

MARK = re.compile(r" ?\[c\d+\]")
SLIP = 0.01  # of its replies come to nothing


@dataclass(frozen=True)
class Rule:
    """A rule: the words in the prompt that state it, and what is done where they are missing."""

    step: Literal["plan", "draft"]
    states: re.Pattern[str]
    without: Callable[[Reply], Reply]


def _without_calls(*names: str) -> Callable[[Reply], Reply]:
    def act(reply: Reply) -> Reply:
        calls = tuple(call for call in reply.calls if call.name not in names)
        if calls or not reply.calls:
            return replace(reply, calls=calls)
        return Reply(text="I can't say.", intent=Intent.ABSTAIN, model=reply.model)

    return act


def _uncited(reply: Reply) -> Reply:
    return replace(reply, text=MARK.sub("", reply.text))


def _certain(reply: Reply) -> Reply:
    """Answers a neighbouring question where it should say that it does not know."""
    return replace(reply, intent=Intent.ANSWER) if reply.intent is Intent.ABSTAIN and not reply.calls else reply


RULES = (
    Rule("draft", re.compile(r"Put the id of the passage"), _uncited),
    Rule("plan", re.compile(r"search first"), _without_calls("search_kb")),
    Rule("plan", re.compile(r"use the order tool"), _without_calls("get_order")),
    Rule("plan", re.compile(r"fetch a person"), _without_calls("handoff_human")),
    Rule("plan", re.compile(r"offer a ticket"), _without_calls("create_ticket")),
    Rule("draft", re.compile(r"begin with `ABSTAIN:`"), _certain),
)


class Obedient:
    """Such a model."""

    name = "obedient"

    def __init__(self, seed: int) -> None:
        """`seed` is of its slips."""
        self._chance, self._thinks = random.Random(seed), Extractive()  # noqa: S311 - a rehearsal

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """The built-in brain's reply, as far as the prompt asks for it."""
        reply, system = replace(self._thinks.think(ask, lambda _: None), model=self.name), build_prompt(ask).system
        for rule in RULES:
            if rule.step == ask.step and not rule.states.search(system):
                reply = rule.without(reply)
        if self._chance.random() < SLIP and not reply.calls:
            reply = Reply(text="I am not sure about this.", intent=Intent.ABSTAIN, model=self.name)
        if reply.text:
            on_text(reply.text)
        return reply
