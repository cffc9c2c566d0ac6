"""Short forms that the documents themselves define: "Return Merchandise Authorization (RMA)"."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from kb.analysis import fold, words
from kb.search.query import Query, added

# The short form in brackets after the long one, or before it.
SHORT = re.compile(r"\((?:an? |the )?([A-Z][A-Za-z&-]{1,7})(?:,[^)]*)?\)")
LONG = re.compile(r"\b([A-Z][A-Z&]{1,7}) \(([^()\d]{4,80})\)")
BEFORE = 120  # characters that are looked at for the long form
LINKS = frozenset("of the and for in on to de la der die das und des du et a".split())  # noqa: SIM905 - read as a list


@lru_cache(maxsize=4096)
def defined(text: str) -> Mapping[str, str]:
    """Short form → long form, both folded, as `text` defines them."""
    found: dict[str, str] = {}
    if "(" not in text:
        return found
    for match in SHORT.finditer(text):
        before = text[max(0, match.start() - BEFORE) : match.start()].split()
        if long := _spelled(before, match.group(1)):
            found[fold(match.group(1))] = long
    for short, inside in LONG.findall(text):
        if _spelled(inside.split(), short) == fold(inside):
            found[fold(short)] = fold(inside)
    return found


def spelled_out(query: Query, texts: Iterable[str]) -> Query:
    """`query` with the other form of each short or long form in it that one of `texts` defines."""
    asked = words(query.text)
    more: list[str] = []
    for text in texts:
        for short, long in defined(text).items():
            form = words(long)
            if short in asked and not set(form) <= set(asked):
                more += form
            elif short not in asked and _stands_in(form, asked):
                more.append(short)
    return added(query, list(dict.fromkeys(more))) if more else query


def _spelled(before: Sequence[str], short: str) -> str:
    """The last words of `before` whose initials are `short`, or ""; small words between them may lack theirs."""
    letters = [letter for letter in fold(short) if letter.isalpha()]
    at = len(before)
    for letter in reversed(letters):
        at -= 1
        while at >= 0 and fold(before[at])[:1] != letter and fold(before[at]) in LINKS:
            at -= 1
        if at < 0 or fold(before[at])[:1] != letter:
            return ""
    return fold(" ".join(before[at:])) if len(letters) > 1 else ""


def _stands_in(form: Sequence[str], asked: Sequence[str]) -> bool:
    return any(list(asked[at : at + len(form)]) == list(form) for at in range(len(asked) - len(form) + 1))
