"""Text made fit for a column: what can't be stored goes, and what is too long is cut."""


def fitted(text: str, longest: int) -> str:
    """`text` without NUL characters, which PostgreSQL refuses, and with at most `longest` characters."""
    return text.replace("\x00", "")[:longest]
