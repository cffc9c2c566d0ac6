"""What the plants are called on the command line; by itself, so that the console script loads nothing for it."""

from enum import StrEnum


class Planted(StrEnum):
    """A kind of fault."""

    CHUNKER = "chunker"
    PROMPT = "prompt"
    DOCUMENT = "document"
    RANKING = "ranking"
