"""Which pieces of the evidence a sentence rests on."""

from collections import Counter
from collections.abc import Sequence

from orchestrator.claims.reading import Piece

MOST_PIECES = 3  # of the passages that one sentence may put together
GAIN = 2  # words that each further piece must explain
WHOLE = 0.85  # share of a piece's words that are said where all of it is
LEAST_WORDS = 4
NEW = 0.5  # … and that nothing else explains
FIGURE = 0.6  # what a number is worth beside a word, in finding what a sentence rests on


def pieces_for(said: Piece, held: Sequence[Piece]) -> list[Piece]:
    """The pieces that explain `said`, the best first: one to three, and those that it holds as a whole."""
    near = [piece for piece in held if piece.stems & said.stems or piece.figures & said.figures]
    left, left_figures, chosen = set(said.stems), set(said.figures), list[Piece]()

    def worth(piece: Piece) -> tuple[float, int, int]:
        share = len(left & piece.stems) + FIGURE * len(left_figures & piece.figures)
        return share, len(said.kinds & piece.kinds), -len(piece.stems)

    while near and len(chosen) < MOST_PIECES:
        best = max(near, key=worth)
        words, numbers = len(left & best.stems), len(left_figures & best.figures)
        if (not words and (chosen or not numbers)) or (chosen and words + numbers < GAIN):
            break
        chosen.append(best)
        near.remove(best)
        left -= best.stems
        left_figures -= best.figures
    return chosen + _within(said, near, chosen) if chosen else []


def _within(said: Piece, near: Sequence[Piece], chosen: Sequence[Piece]) -> list[Piece]:
    """The further pieces of which nearly all is said, and not by the way: two sentences that were made one."""
    rest = said.bag - sum((piece.bag for piece in chosen), Counter[str]())
    found = []
    for piece in near:
        count = piece.bag.total()
        inside = count >= LEAST_WORDS and (piece.bag & said.bag).total() >= WHOLE * count
        if inside and (piece.bag & rest).total() >= NEW * count:
            found.append(piece)
    return found
