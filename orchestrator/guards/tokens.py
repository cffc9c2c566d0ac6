"""Output: a token in an answer stands for what this visitor wrote, or for what a tool told of their own order."""

from core.privacy.found import NEEDED
from core.privacy.tokens import OPEN, SHUT, TOKEN, tokens_in
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence
from orchestrator.guards.draft import DraftText


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse tokens that nobody gave, and what merely looks like one: a visitor would read it as it stands."""
    known = {*tokens_in(evidence.visitor), *(each for result in evidence.results for each in tokens_in(result))}
    strange = [each for each in tokens_in(draft.text) if each not in known]
    if strange:
        return _refused(f"Neither the visitor's last words nor a tool gave {', '.join(strange)}. Leave it out.")
    rest = TOKEN.sub("", draft.text)
    if any(f"{OPEN}{kind}" in rest for kind in NEEDED) or f"{OPEN} " in rest:
        return _refused(f"What stands between {OPEN} and {SHUT} is changed: write it exactly as it was given.")
    return Verdict("tokens", passed=True)


def _refused(reason: str) -> Verdict:
    return Verdict("tokens", passed=False, reason=reason)
