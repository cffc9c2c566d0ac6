"""Prompts that are too long for a model: how its refusal is told, and what a shorter prompt leaves out."""

import re
from dataclasses import replace

from brain.client import Ask, Said, ToolOutcome

TOO_LONG = re.compile(
    r"context_length_exceeded|maximum context length|prompt is too long|context window|context limit"
    r"|context length|context size|input is too long|too many (?:input |prompt )?tokens",
    re.IGNORECASE,
)
TOO_LARGE = 413  # a status of its own, whatever its words
OUTPUT_CHARS = 1_500  # of each tool's output
LINES_BEFORE = 2  # of the talk before what the visitor said now


def is_too_long(status: int, words: str) -> bool:
    """True where a service that answered `status` with `words` says that the prompt does not fit."""
    return status == TOO_LARGE or (status in {400, 422} and TOO_LONG.search(words) is not None)


def shortened(ask: Ask) -> Ask:
    """`ask` without its summary and older memory, and with short tool outputs. What the visitor said now stays whole.

    Citations are checked against the whole evidence, which is the orchestrator's, so a shortened passage can be cited.
    """
    return replace(ask, summary="", memory=_latest(ask.memory), outcomes=tuple(map(_short, ask.outcomes)))


def _latest(memory: tuple[Said, ...]) -> tuple[Said, ...]:
    now = len(memory)
    while now and memory[now - 1].role == "visitor":
        now -= 1
    return memory[max(0, now - LINES_BEFORE) :]


def _short(outcome: ToolOutcome) -> ToolOutcome:
    if len(outcome.output) <= OUTPUT_CHARS:
        return outcome
    return replace(outcome, output=outcome.output[:OUTPUT_CHARS] + " … (the rest is left out)")
