"""What the visitor wants besides an answer, told by the rules of wishes.yaml in eight languages."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

_rules: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "wishes.yaml").read_text(encoding="utf-8"))


def _any_of(name: str) -> re.Pattern[str]:
    whole = "|".join(_rules[name])
    for part, choices in _rules["parts"].items():
        whole = whole.replace("{" + part + "}", f"(?:{'|'.join(choices)})")
    return re.compile(whole, re.IGNORECASE)


PERSON = _any_of("person")
UPSET = _any_of("upset")
TICKET = _any_of("ticket")
ASKS_HOW = _any_of("asks_how")
ORDER = _any_of("order")
ORDER_HOWTO = _any_of("order_howto")
ORDER_TALK = _any_of("order_talk")
MACHINE = _any_of("machine")
GREETING = _any_of("greeting")
THANKS = _any_of("thanks")
YES = _any_of("agreement")
OFFERED_PERSON = _any_of("offered_person")
FOLLOW_UP = _any_of("follow_up")


class Wish(StrEnum):
    """What a visitor may want."""

    PERSON = "person"
    TICKET = "ticket"
    ORDER = "order"
    MACHINE = "machine"  # asks what it is talking to
    HELLO = "hello"
    THANKS = "thanks"
    ANSWER = "answer"


def wish_in(text: str) -> Wish:
    """What `text`, in plain spelling, asks for."""
    if MACHINE.search(text) and not ORDER_TALK.search(text):
        return Wish.MACHINE
    if PERSON.search(text) or UPSET.search(text):
        return Wish.PERSON
    if TICKET.search(text) and not ASKS_HOW.search(text):
        return Wish.TICKET
    if ORDER.search(text) and not ORDER_HOWTO.search(text):
        return Wish.ORDER
    if GREETING.match(text):
        return Wish.HELLO
    return Wish.THANKS if THANKS.match(text) else Wish.ANSWER
