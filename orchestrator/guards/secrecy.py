"""Output: the answer tells nothing of how the assistant is instructed: no part of the prompts, no tool's inner name."""

import re
from functools import cache

from brain.prompt import FILES, FOLDER
from kb.screen.plain import readings
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence
from orchestrator.guards.draft import DraftText

LETTERS = re.compile(r"[^\W\d_]+")
WINDOW = 28  # letters in a row that no answer shares with a prompt by chance
STEP = 4
NAMES = re.compile(r"\b(?:search_kb|get_order|create_ticket|handoff_human|top_k|transcript_excerpt|order_id)\b")
OPAQUE = re.compile(r"(?<![\w/+=-])(?=[\w/+=-]*[A-Za-z])(?=[\w/+=-]*\d)[A-Za-z0-9/+=_-]{28,}(?![\w/+=-])")


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse a piece of the prompts, plain or in a simple code, and long strings that nobody can read."""
    held = "\n".join([*(each.text for each in evidence.snippets.values()), *evidence.results])
    reason = ""
    if NAMES.search(draft.text) and not NAMES.search(held):
        reason = "The answer names inner tools."
    elif any(code not in held for code in OPAQUE.findall(draft.text)):
        reason = "The answer holds a code that nobody can read."
    elif any(_leaks(reading) for reading in readings(draft.text)):
        reason = "The answer repeats instructions."
    return Verdict("secrecy", not reason, reason)


def _leaks(reading: str) -> bool:
    """Each window of the prompts is known, so of the answer every fourth is enough: a longer piece is hit somewhere."""
    said = "".join(LETTERS.findall(reading))
    return any(said[at : at + WINDOW] in _windows() for at in range(0, len(said) - WINDOW + 1, STEP))


@cache
def _windows() -> frozenset[str]:
    files = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in FILES)
    said = "".join(LETTERS.findall(files.lower()))
    return frozenset(said[at : at + WINDOW] for at in range(len(said) - WINDOW + 1))
