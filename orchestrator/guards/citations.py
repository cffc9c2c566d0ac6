"""Output: an answer cites what was found in this turn, and nothing else."""

from orchestrator.events import Verdict
from orchestrator.evidence import Evidence, cited
from orchestrator.guards.draft import DraftText


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse ids that no search of this turn returned, and answers without any valid one.

    An answer that rests on another tool's result alone (an order, a ticket) needs no id.
    """
    ids = cited(draft.text)
    invented = [each for each in ids if each not in evidence.snippets]
    if invented:
        return _refused(f"These citation ids do not exist: {', '.join(invented)}. Cite only ids from search_kb.")
    if draft.intent == "answer" and not draft.partial and not ids and not _rests_on_results(evidence):
        return _refused("An answer must cite at least one id from search_kb right after the sentence that rests on it.")
    return Verdict("citations", passed=True)


def _rests_on_results(evidence: Evidence) -> bool:
    return bool(evidence.results)


def _refused(reason: str) -> Verdict:
    return Verdict("citations", passed=False, reason=reason)
