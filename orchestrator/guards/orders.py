"""Output: what is said of the visitor's order is what the tool said; where it found none, nothing is said of one."""

import json
from pathlib import Path
from typing import Any

from kb.screen.wording import wordings
from orchestrator.claims.courtesy import courteous
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence, cited
from orchestrator.guards.asserting import IN_VAIN, asserted, cited_sentences
from orchestrator.guards.draft import DraftText

RULES = wordings(Path(__file__).with_suffix(".yaml"))
STATES = {state: rule for state, rule in RULES.items() if not state.startswith("(")}
MINE, PERSONAL, ADVICE = (RULES[name] for name in ("(mine)", "(personal)", "(advice)"))
ALLOWED = {  # what may be said where the tool says this
    "waiting for payment": {"pending"},
    "paid, being prepared": {"processing"},
    "on hold until the payment is confirmed": {"on hold", "pending"},
    "completed": {"completed", "shipped"},
    "cancelled": {"cancelled"},
    "refunded": {"refunded"},
    "the payment failed": {"failed"},
}


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse a state of an order that no tool told, and whatever else is told of one that was not found."""
    told = _told(evidence)
    allowed = set[str]().union(*(_allowed(order) for order in told))
    for clause, said, ids in asserted(draft):
        for status, pattern in STATES.items():
            if pattern.search(clause) and status not in allowed and _is_mine(clause, said, ids, evidence):
                return _refused(
                    f"No tool said that an order is {status}: “{clause}”. Say only what get_order returned."
                )
    if evidence.results and not told and not _ticketed(evidence) and draft.intent == "answer":
        for said, ids in cited_sentences(draft.text):
            if not ids and not _empty_handed(said, draft):
                return _refused(
                    f"No order was found, so nothing can be said of one: “{said}”. Ask for what is missing."
                )
    return Verdict("orders", passed=True)


def _is_mine(clause: str, said: str, ids: tuple[str, ...], evidence: Evidence) -> bool:
    """True where one order is spoken of, not what the shop does in general."""
    if ids:  # of what the shop does, another guard holds each word against the passage
        return PERSONAL.search(clause) is not None
    return MINE.search(said) is not None or bool(evidence.results)


def _empty_handed(said: str, draft: DraftText) -> bool:
    later = draft.cited_before or cited(draft.text)
    return bool(said.endswith("?") or IN_VAIN.search(said) or ADVICE.match(said) or courteous(said) or later)


def _told(evidence: Evidence) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for result in evidence.results:
        read = json.loads(result)
        orders = read.get("orders") if isinstance(read, dict) else None
        found += [order for order in orders or () if isinstance(order, dict)]
        if isinstance(read, dict) and "orders" not in read and "status" in read and "ticket_number" not in read:
            found.append(read)
    return found


def _ticketed(evidence: Evidence) -> bool:
    return any("ticket_number" in result or "number" in result for result in evidence.results)


def _allowed(order: dict[str, Any]) -> set[str]:
    status = str(order.get("status", ""))
    found = ALLOWED.get(status, set()) | {name for name, pattern in STATES.items() if pattern.search(f"is {status}")}
    return found | ({"shipped"} if order.get("tracking") else set())


def _refused(reason: str) -> Verdict:
    return Verdict("orders", passed=False, reason=reason)
