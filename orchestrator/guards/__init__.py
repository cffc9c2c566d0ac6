"""The guards, in order. To add one: write its file, add it to its list here.

An input guard is `check(text) -> Verdict`; an output guard is `check(draft, evidence) -> Verdict`. All are pure, so
their verdicts come out the same when a turn is replayed.
"""

from collections.abc import Callable
from dataclasses import replace

from core.privacy.tokens import untokened
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence
from orchestrator.guards import (
    citations,
    claims,
    content,
    disclosures,
    encoding,
    injection,
    length,
    markup,
    numbers,
    orders,
    pii,
    promises,
    secrecy,
    tokens,
)
from orchestrator.guards.draft import DraftText

INPUT_GUARDS: tuple[Callable[[str], Verdict], ...] = (
    encoding.check,
    length.check,
    disclosures.check,
    content.check,
    injection.check,
)
OUTPUT_GUARDS: tuple[Callable[[DraftText, Evidence], Verdict], ...] = (
    tokens.check,
    markup.check,
    secrecy.check,
    pii.check,
    content.check_draft,
    citations.check,
    numbers.check,
    orders.check,
    promises.check,
    claims.check,
)
SEE_TOKENS = (tokens.check,)  # the others see no figure, no address and no name in one


def screen(text: str) -> tuple[Verdict, ...]:
    """What each input guard says of a visitor's message."""
    return tuple(check(text) for check in INPUT_GUARDS)


def judge(draft: DraftText, evidence: Evidence) -> tuple[Verdict, ...]:
    """What each output guard says of a draft."""
    bare = replace(draft, text=untokened(draft.text))
    said = tuple(map(untokened, evidence.results)), untokened(evidence.visitor)
    held = replace(evidence, results=said[0], visitor=said[1])
    return tuple(check(draft, evidence) if check in SEE_TOKENS else check(bare, held) for check in OUTPUT_GUARDS)


def objection(verdicts: tuple[Verdict, ...]) -> str:
    """The reasons of those that did not pass, as one text; empty where all agree."""
    return " ".join(verdict.reason for verdict in verdicts if not verdict.passed)
