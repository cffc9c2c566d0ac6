"""Input and output: no abuse, no threats. The visitor gets a neutral reply and the offer of a person.

Swearing at a lost parcel is no abuse: customers do. What counts is hatred and threats against people. Who was abused
says in what words: what stands in quotation marks inside a sentence of one's own, or after words that tell of it, is
told, not done.
"""

import re
from itertools import islice
from pathlib import Path

import yaml

from kb.screen.plain import readings
from kb.screen.wording import wordings
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence
from orchestrator.guards.draft import DraftText

FILE = Path(__file__).with_suffix(".yaml")
RULES = wordings(FILE)
TOLD = re.compile("|".join(yaml.safe_load(FILE.read_text(encoding="utf-8"))["told"]), re.IGNORECASE)
QUOTED = re.compile("[\"“”„«][^\"“”„«»]{2,300}[\"“”»]|(?<!\\w)['‘‚][^'‘’\\n]{4,300}['’](?!\\w)")
THREAT = "threatens"  # a threat is none the better for what stands around it
OWN_WORDS = 3  # around a quotation, at least: else it is the message
ENDS = re.compile(r"[.!?\n]")


def check(text: str) -> Verdict:
    """Refuse hatred and threats."""
    kind = _kind(text)
    return Verdict("content", not kind, kind and f"The message {kind}.")


def check_draft(draft: DraftText, evidence: Evidence) -> Verdict:
    """The same of what the assistant would say."""
    del evidence
    kind = _kind(draft.text)
    return Verdict("content", not kind, kind and f"The answer {kind}: say it without.")


def _kind(text: str) -> str:
    for reading in islice(readings(_own(text)), 2):
        for kind, rule in RULES.items():
            if any(kind == THREAT or not _is_told(reading, *match.span()) for match in rule.finditer(reading)):
                return kind
    return ""


def _own(text: str) -> str:
    """`text` without what it quotes, where it says something of its own."""
    own = QUOTED.sub(" … ", text)
    return own if len(re.findall(r"\w+", own)) >= OWN_WORDS else text


def _is_told(reading: str, at: int, end: int) -> bool:
    """Whether, in its sentence, words stand before `end` that tell of what begins `at`, or speak against it."""
    begins = max((mark.end() for mark in ENDS.finditer(reading, 0, at)), default=0)
    return TOLD.search(reading, begins, min(end + 40, len(reading))) is not None
