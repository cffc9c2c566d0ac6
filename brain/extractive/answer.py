"""From what the tools gave to what the visitor reads: the documents' own sentences, or facts of an order or ticket."""

import json
from typing import Any

from brain.client import Ask, Intent, Reply, ToolOutcome
from brain.extractive.choice import Choice, choose, nearest
from brain.extractive.facts import last_agent_line, told, visitor_lines
from brain.extractive.passages import read_search
from brain.extractive.phrases import is_abstention, phrase
from brain.extractive.plan import ORDER, PERSON, SEARCH, TICKET, call_person, current, offered
from brain.extractive.words import plain_english

LONGEST = 600  # characters, citations not counted
MOST = 3  # units of one answer
# The word that the visitor reads in the shop's own mails, beside the tool's plain ones that lack it.
SHOP_WORDS = {
    "paid, being prepared": "processing",
    "waiting for payment": "pending",
    "on hold until the payment is confirmed": "on-hold",
    "the payment failed": "failed",
}


def draft(ask: Ask) -> Reply:
    """A reply from the outcomes of this turn."""
    writing = [outcome for outcome in ask.outcomes if outcome.call.name in {PERSON, TICKET} and not outcome.failed]
    if writing:
        return _done(ask, writing[-1])
    orders = [outcome for outcome in ask.outcomes if outcome.call.name == ORDER]
    if orders:
        return _about_order(ask, orders[-1])
    searches = [outcome for outcome in ask.outcomes if outcome.call.name == SEARCH and not outcome.failed]
    if searches:
        return _from_documents(ask, searches)
    return _in_vain(ask, "trouble")


def _from_documents(ask: Ask, searches: list[ToolOutcome]) -> Reply:
    now = plain_english(current(ask))
    chosen: list[Choice] = []
    near: list[Choice] = []
    for outcome in searches:
        evidence = read_search(outcome)
        if evidence is not None:
            latest = now if len(searches) == 1 and evidence.query != " ".join(now.split()) else ""
            chosen += choose(evidence, latest, room=LONGEST // len(searches), most=1 if ask.feedback else MOST)
            near += nearest(evidence, latest, room=LONGEST)
    if chosen:
        return Reply(text=_written(chosen), intent=Intent.ANSWER, model="extractive")
    return _unsure(ask, near) if near and not ask.feedback else _in_vain(ask, "abstain")


def _unsure(ask: Ask, near: list[Choice]) -> Reply:
    """What comes nearest, said to be no more than that: the visitor may see what we can't tell, or take a person."""
    begin, end = (phrase(key, visitor_lines(ask), site=ask.site_name) for key in ("nearest", "offer"))
    return Reply(text=f"{begin}\n{_listed(near)}\n{end}", intent=Intent.ABSTAIN, model="extractive")


def _listed(near: list[Choice]) -> str:
    return "\n".join(f"{choice.text} [{choice.cite}]" for choice in near)


def _written(chosen: list[Choice]) -> str:
    """The chosen pieces word for word, each with its citation; rows and items on lines of their own."""
    text, line = "", False
    for choice in dict.fromkeys(chosen):
        alone = choice.kind != "sentence"
        gap = "" if not text else "\n" if alone or line else " "
        text += f"{gap}{choice.text} [{choice.cite}]"
        line = alone
    return text


def _in_vain(ask: Ask, key: str) -> Reply:
    """Admit it; the second time in a row fetch a person instead."""
    if is_abstention(last_agent_line(ask)) and offered(ask, PERSON):
        return call_person(ask, f"The visitor has asked twice without getting an answer. {_why(ask)}".strip())
    return _say(key, ask, Intent.ABSTAIN)


def _why(ask: Ask) -> str:
    """What the last search said about why nothing answers, for the person who takes over."""
    searches = [outcome for outcome in ask.outcomes if outcome.call.name == SEARCH and not outcome.failed]
    return str(_object(searches[-1].output).get("reason") or "") if searches else ""


def _done(ask: Ask, outcome: ToolOutcome) -> Reply:
    if outcome.call.name == PERSON:
        return _say("person_called", ask, Intent.SMALLTALK)
    output = _object(outcome.output)
    number = output.get("ticket_number") or output.get("number") or output.get("ticket_id") or ""
    email = output.get("email") or _object(outcome.call.arguments).get("email") or ""
    return _say("ticket_done", ask, Intent.ANSWER, number=number, email=email)


def _about_order(ask: Ask, outcome: ToolOutcome) -> Reply:
    output = _object(outcome.output)
    if outcome.failed or not output:
        return _in_vain(ask, "trouble")
    orders = [order for order in output.get("orders") or () if isinstance(order, dict)]
    if orders:
        return Reply(text=" ".join(map(_order, orders)), intent=Intent.ANSWER, model="extractive")
    if output.get("outcome") == "proof_needed":
        facts = told(ask)
        missing = "both" if not (facts.email or facts.order_number) else "number" if facts.email else "address"
        return _say(missing, ask, Intent.CLARIFY)
    if output.get("outcome") == "too_many_attempts" or is_abstention(last_agent_line(ask)):
        return call_person(ask, "The visitor's order could not be found.")
    return _say("no_order", ask, Intent.CLARIFY)


def _order(order: dict[str, Any]) -> str:
    """One order in short sentences, every number as the tool wrote it."""
    items = ", ".join(f"{item['quantity']} x {item['name']}" for item in order.get("items") or ())
    text = f"Order {order.get('number', '')}"
    text += f" of {order['placed_at']}" if order.get("placed_at") else ""
    status = str(order.get("status", "unknown"))
    text += f" is: {SHOP_WORDS[status]} ({status})." if status in SHOP_WORDS else f" is: {status}."
    text += f" It holds {items}." if items else ""
    text += f" Total: {order['total']} {order.get('currency', '')}.".replace(" .", ".") if order.get("total") else ""
    parcels = [f"{one.get('carrier', '')} {one.get('number', '')}".strip() for one in order.get("tracking") or ()]
    return text + (f" Tracking: {', '.join(parcels)}." if parcels else "")


def _object(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _say(key: str, ask: Ask, intent: Intent, **values: object) -> Reply:
    return Reply(text=phrase(key, visitor_lines(ask), site=ask.site_name, **values), intent=intent, model="extractive")
