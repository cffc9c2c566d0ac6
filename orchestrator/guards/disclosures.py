"""Input: what a person must see: words of self-harm, of injury or illness, of lawyers and courts.

Told of oneself, not asked about: "are these insoles good for flat feet?" is a question for the documents.
"""

from pathlib import Path

from kb.screen.plain import readings
from kb.screen.wording import wordings
from orchestrator.events import Verdict

RULES = wordings(Path(__file__).with_suffix(".yaml"))


def check(text: str) -> Verdict:
    """Send the thread to a person where the visitor tells of such things."""
    shown = next(readings(text))
    kind = next((kind for kind, rule in RULES.items() if rule.search(shown)), "")
    return Verdict("disclosures", not kind, kind and f"The visitor {kind}: a person must look at this.")
