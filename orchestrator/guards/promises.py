"""Output: no refund, discount, deadline or favour is promised or said to be done that no tool and no page grants."""

from pathlib import Path

from kb.analysis.written import fold
from kb.screen.wording import wordings
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence
from orchestrator.guards.asserting import asserted
from orchestrator.guards.draft import DraftText

RULES = wordings(Path(__file__).with_suffix(".yaml"))
DONE, WILL, BY_WHEN, TICKET = (RULES[name] for name in ("done", "will", "by when", "ticket"))


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse deeds that no tool did, and promises that neither the cited passages nor a tool's result grant."""
    granted = fold("\n".join([*(each.text for each in evidence.snippets.values()), *evidence.results]))
    ticket = any("ticket_number" in result for result in evidence.results)
    for clause, said, ids in asserted(draft):
        for rule in (DONE, TICKET, WILL, BY_WHEN):
            found = rule.search(clause) or (rule.search(said) if rule is not DONE else None)
            if not found or fold(found.group()) in granted:
                continue
            if rule is TICKET and ticket:
                continue
            if rule in {WILL, BY_WHEN} and (ids or (ticket and rule is BY_WHEN)):
                continue  # what is cited is held against its passage, word by word, by another guard
            return Verdict("promises", passed=False, reason=f"Nothing grants this: “{found.group()}”. Promise nothing.")
    return Verdict("promises", passed=True)
