"""What a visitor typed as text that every part can take: no control characters, no halves of characters."""

import unicodedata

# Control characters and halves of surrogate pairs stand between words; marks of direction and joiners inside of them.
BETWEEN, INSIDE = frozenset({"Cc", "Cs", "Co", "Cn"}), "Cf"


def readable(text: str) -> str:
    """`text` without what nobody reads; encodable in UTF-8, and free of NUL, which PostgreSQL refuses."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_kept(char) for char in text)


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if category in BETWEEN:
        return " "
    return "" if category == INSIDE else char
