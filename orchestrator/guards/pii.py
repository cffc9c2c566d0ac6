"""Output: an answer holds nobody's card, account, identity number or secret, but what the site itself publishes."""

from core.privacy.cleaning import find
from orchestrator.events import Verdict
from orchestrator.evidence import MARK, Evidence
from orchestrator.guards.draft import DraftText


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse such data; where to pay by transfer may be quoted from a page. The reason never repeats what it found."""
    said = MARK.sub("", draft.text)
    found = find(said)
    if not found:
        return Verdict("pii", passed=True)
    published = _plain("\n".join(snippet.text for snippet in evidence.snippets.values()))
    kinds = sorted({one.kind for one in found if _plain(said[one.start : one.end]) not in published})
    if not kinds:
        return Verdict("pii", passed=True)
    return Verdict("pii", passed=False, reason=f"The answer must not hold such data: {', '.join(kinds)}. Leave it out.")


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()
