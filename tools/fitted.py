"""Text made fit for a column: what can't be stored goes, and what is too long is cut."""

import re

from core.privacy.cleaning import clean

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL refuses NUL, UTF-8 refuses half a character


def storable(text: str) -> str:
    """`text` without what no column can hold; two halves of one character, as JSON escapes them, become it."""
    if not UNSTORABLE.search(text):
        return text
    return text.replace("\x00", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def fitted(text: str, longest: int) -> str:
    """`text` as a column takes it: storable, and at most `longest` characters."""
    return storable(text)[:longest]


def cleaned(text: str, longest: int) -> str:
    """As `fitted`, for what people or models wrote: without cards, accounts, identity numbers and secrets."""
    return clean(storable(text)).text[:longest]


def shortened(text: str, longest: int) -> str:
    """`text` for a reader: at most `longest` characters, and an ellipsis where something is missing."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
