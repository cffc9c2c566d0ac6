"""Input and output: no abuse, no threats. The visitor gets a neutral reply and the offer of a person.

Swearing at a lost parcel is no abuse: customers do. What counts is hatred and threats against people.
"""

from itertools import islice
from pathlib import Path

from kb.screen.plain import readings
from kb.screen.wording import wordings
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence
from orchestrator.guards.draft import DraftText

RULES = wordings(Path(__file__).with_suffix(".yaml"))


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
    for reading in islice(readings(text), 2):
        for kind, rule in RULES.items():
            if rule.search(reading):
                return kind
    return ""
