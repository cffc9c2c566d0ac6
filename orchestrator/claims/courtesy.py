"""What an answer says beside its facts: thanks, offers, questions, and words that lead in."""

import re
from pathlib import Path

from kb.figures import NUMBER
from kb.screen.wording import wordings

RULES = wordings(Path(__file__).with_suffix(".yaml"))
LEAD = re.compile(rf"^(?:{RULES['lead in'].pattern})+", re.IGNORECASE)  # before a fact: it stays a fact without it
COURTESY = re.compile(rf"\W*(?:{RULES['courtesy'].pattern})", re.IGNORECASE)
LONGEST = 220  # characters: what is longer is more than a courtesy


def courteous(sentence: str) -> bool:
    """True for a sentence that claims nothing of the shop: it has no number in it, and begins as courtesies do."""
    asks = sentence.rstrip().endswith("?")
    short = len(sentence) <= LONGEST and not NUMBER.search(sentence)
    return short and (asks or COURTESY.match(sentence) is not None)
