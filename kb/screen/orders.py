"""Orders to an assistant, found by their wording in English, German, Spanish, French, Italian and Portuguese.

No list of words stops everything: what a hijacked model can reach is bounded elsewhere. This screen turns the plain
attempts away, and warns of documents that hold them. Each rule alone is enough; customers must never write like it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kb.screen.plain import readings
from kb.screen.wording import wordings
from kb.sentences import sentences

RULES = wordings(Path(__file__).with_suffix(".yaml"))
# What customers do say, and the rules above would take for more.
INNOCENT = re.compile(
    r"\b(?:my|our) (?:own )?(?:password|account|order|e-?mail)\b[^.!?]{0,30}\b(?:reset|forgot|change|expired)"
    r"|\b(?:forgot|reset|change|lost) (?:my|our) password",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """An order to an assistant: of which kind, and its words as they were read."""

    kind: str
    words: str


# A document that says these speaks to an assistant; a customer may say them of a shop's staff and its forms.
IN_DOCUMENTS_ALONE = {"wants data sent", "bends the answer"}


@lru_cache(maxsize=2048)
def orders_in(text: str, *, document: bool = True) -> Found | None:
    """The first order to an assistant in `text`, or None; of what a visitor writes less is taken for one."""
    rules = {kind: rule for kind, rule in RULES.items() if document or kind not in IN_DOCUMENTS_ALONE}
    for reading in readings(text):
        for kind, pattern in rules.items():
            found = pattern.search(reading)
            if found and not (kind == "asks for secrets" and INNOCENT.search(reading)):
                return Found(kind, " ".join(found.group().split())[:120])
    return None


@lru_cache(maxsize=512)
def sound(text: str) -> str:
    """`text` without the sentences that give orders to an assistant: what an answer may rest on."""
    if orders_in(text) is None:
        return text
    kept = [line for line in text.split("\n") if orders_in(line) is None or _some(line)]
    return "\n".join(" ".join(each.text for each in sentences(line) if orders_in(each.text) is None) for line in kept)


def _some(line: str) -> bool:
    return any(orders_in(each.text) is None for each in sentences(line))
