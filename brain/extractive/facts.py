"""What the visitor has told in this conversation: e-mail addresses, order numbers, and what the agent had asked for.

Both come as tokens; in conversations from before there were any, as they were written.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from brain.client import Ask
from brain.extractive.words import plain_english
from core.privacy.tokens import untokened

EMAIL = re.compile(r"⟦email:\d+⟧|[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
ORDER_TOKEN = re.compile(r"⟦order:\d+⟧")
NAMED_NUMBER = re.compile(
    r"(?:\border(?:\s*(?:number|num|no|nr|id|ref(?:erence)?))?|\bbestell(?:ung|nummer)|\bcommande|\bpedido|\bordine|\bencomenda|\bbestelling|\bbestelnummer|\bnumber|\bnr|\bno)"
    r"\.?\s*(?:is|was|ist|est|es|n°|nº|number)?\s*[:=]?\s*#?\s*((?:[A-Z]{1,5}[-_]?)?\d{3,12}(?:-\d{1,6})?)\b",
    re.IGNORECASE,
)
MARKED_NUMBER = re.compile(r"#\s?((?:[A-Z]{1,5}-?)?\d{2,12})\b", re.IGNORECASE)
BARE_NUMBER = re.compile(
    r"(?<![\w.,£€$+-])((?:[A-Z]{1,5}-)?\d{4,10})(?![\w.,]*\d|\s*(?:%|£|€|kg|km|cm|mm|g\b))", re.IGNORECASE
)

ORDER_NUMBER_ASKED = re.compile(
    r"order number|bestell?nummer|numéro de commande|número d[ea] (?:pedido|encomenda)|numero d'ordine|رقم الطلب",
    re.IGNORECASE,
)
EMAIL_ASKED = re.compile(r"e-?mail|correo|بريد", re.IGNORECASE)


@dataclass(frozen=True)
class Facts:
    """The newest of each that the visitor gave, or ""."""

    email: str = ""
    order_number: str = ""


def told(ask: Ask) -> Facts:
    """What the visitor's lines tell, the newest first."""
    lines = visitor_lines(ask)
    numbers = (_number(ask, at) for at in range(len(ask.memory) - 1, -1, -1))
    return Facts(email=_first(EMAIL, lines), order_number=next(filter(None, numbers), ""))


def _number(ask: Ask, at: int) -> str:
    """The order number in line `at`. A bare number counts beside an address, or as an answer to our question."""
    said = ask.memory[at]
    if said.role != "visitor":
        return ""
    before = next((one.text for one in reversed(ask.memory[:at]) if one.role == "agent"), "")
    awaited = ORDER_NUMBER_ASKED.search(before) or EMAIL.search(said.text)
    named = _first(ORDER_TOKEN, [said.text]) or named_number(plain_english(said.text))
    return named or (bare_number(said.text) if awaited else "")


def named_number(text: str) -> str:
    """The order number that `text` names as one ("order 1042", "#1042"), or ""; for text that never had a token."""
    without_addresses = EMAIL.sub(" ", text)
    return _first(NAMED_NUMBER, [without_addresses]) or _first(MARKED_NUMBER, [without_addresses])


def bare_number(text: str) -> str:
    """A number that stands alone in `text` and could be an order's, or ""."""
    return _first(ORDER_TOKEN, [text]) or _first(BARE_NUMBER, [EMAIL.sub(" ", untokened(text))])


def visitor_lines(ask: Ask) -> list[str]:
    """What the visitor has said, the newest first."""
    return [said.text for said in reversed(ask.memory) if said.role == "visitor"]


def last_agent_line(ask: Ask) -> str:
    """What the agent said last, or "" when the visitor has heard nothing yet."""
    return next((said.text for said in reversed(ask.memory) if said.role == "agent"), "")


def asked_for_order(ask: Ask) -> bool:
    """True where our last words asked for an order number or the address that belongs to it."""
    return bool(ORDER_NUMBER_ASKED.search(last_agent_line(ask)))


def asked_for_ticket_address(ask: Ask) -> bool:
    """True where our last words asked for an address to open a ticket with."""
    line = last_agent_line(ask)
    return "ticket" in line.lower() and ("?" in line or "؟" in line) and bool(EMAIL_ASKED.search(line))


def _first(pattern: re.Pattern[str], texts: Iterable[str]) -> str:
    for text in texts:
        match = pattern.search(text)
        if match:
            return match.group(match.lastindex or 0).rstrip(".")
    return ""
