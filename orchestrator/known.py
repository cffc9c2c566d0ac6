"""What is known so far, for a turn whose time is over: in words that need no model, because they are looked up."""

import json
from typing import Any

from orchestrator.evidence import Citation, Evidence, cite

LIKELY = 0.5  # how probable it must be that the passages hold an answer


def so_far(evidence: Evidence) -> tuple[str, list[Citation]]:
    """One short sentence for each order that was found, and the best page where it is likely to help."""
    said = [_order(order) for result in evidence.results for order in _orders(result)]
    best = next(iter(evidence.snippets.values()), None)
    if best is None or (evidence.answerable or 0.0) < LIKELY:
        return " ".join(said), []
    return " ".join([*said, f"This page may help you meanwhile: {best.title} [1]."]), [cite(1, best, evidence.visitor)]


def _orders(result: str) -> list[dict[str, Any]]:
    orders = json.loads(result).get("orders")
    return list(orders) if isinstance(orders, list) else []


def _order(order: dict[str, Any]) -> str:
    return f"Order {order['number']}: {order['status']}."
