"""The words of lines: which run from right to left, and how a word is whole again that a line's end cut."""

import re
from collections.abc import Container, Iterable

RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
CUT = re.compile(r"([^\W\d_]{2,})[-\u2010\u00ad]$")
FIRST = re.compile(r"[^\W\d_]+")
WHOLE = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)+")
HYPHENS = ("-", "\u2010", "\u00ad")
LONGEST_WORD = 80
LEADERS = re.compile(r"(?:\s?[.·…_]){5,}")


def is_rtl(text: str) -> bool:
    """Whether most letters run from right to left."""
    return not text.isascii() and 2 * len(RTL.findall(text)) > sum(map(str.isalpha, text))


def hyphenated(lines: Iterable[str]) -> set[str]:
    """The words with a hyphen in them ("follow-up") that stand somewhere in one line."""
    return {word.casefold() for line in lines for word in WHOLE.findall(line)}


def joined(lines: Iterable[str], known: Container[str] = ()) -> str:
    """Lines as one text; a word cut at a line's end is whole again, with its hyphen where `known` has it so."""
    parts: list[str] = []
    for line in lines:
        if parts and parts[-1].endswith(HYPHENS) and line[:1].islower():
            parts[-1] = _mended(parts[-1], line, known)
        elif line:
            parts.append(line)
    text = " ".join(parts)
    if any(leader in text for leader in ("...", ". .", "···", "___")):
        text = LEADERS.sub(" … ", text)
    return text.replace("\u00ad ", "").replace("\u00ad", "")


def _mended(before: str, after: str, known: Container[str]) -> str:
    cut, rest = CUT.search(before[-LONGEST_WORD:]), FIRST.match(after)
    if not cut or not rest:
        return f"{before} {after}"
    keeps = f"{cut.group(1)}-{rest.group()}".casefold() in known
    return f"{before[:-1]}-{after}" if keeps else before[:-1] + after
