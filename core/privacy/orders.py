"""Order numbers: what stands after the word, in the languages of the widget."""

import re
from collections.abc import Iterator

from core.privacy.found import Found

ORDER = re.compile(
    r"\b(?:orders?|bestell(?:ung|nummer|nr\.?)|auftrag(?:snummer)?|pedidos?|commandes?|ordine|encomenda)\b"
    r"(?:[\s-]*(?:number|numbers|no\.?|num|nr\.?|nummer|id|n[uú]mero|numéro|n°|ref(?:erence)?|code))?"
    r"(?:\s*(?:is|was|ist|lautet|es|est|:|=))?[\s#:№\"'(]{0,4}"
    r"((?=[A-Za-z0-9-]*\d{3})[A-Za-z]{0,4}-?\d(?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){2,23})(?![\w@])"
    r"|(?<![\w&#])#([A-Za-z]{0,3}-?\d{4,14})\b",
    re.IGNORECASE,
)


def orders(text: str) -> Iterator[Found]:
    """The numbers that `text` calls an order's."""
    for match in ORDER.finditer(text):
        group = 1 if match[1] else 2
        yield Found("order", *match.span(group))
