"""How well a piece of text supports a claim: by the words and numbers that they share, and without a model."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kb.figures import NUMBER, plain

WORD = re.compile(r"[^\W\d_]+")
WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
STEM = 4  # letters that two words must begin with to count as forms of one
NUMBERS, FORMS = 3.0, 0.6  # what a shared number, and another form of a word, are worth beside a shared word
FULL = 6  # letters from which on a word counts fully: the shortest are mostly "is" and "the"
EXTRA = 0.3  # what each word costs that the claim does not have: so no quote is longer than it need be

Terms = frozenset[str]


@dataclass(frozen=True)
class Held:
    """A piece of a passage, read once for all claims: its terms, and how those begin that have other forms."""

    terms: Terms
    begun: Terms

    @classmethod
    def of(cls, piece: str) -> "Held":
        """As it is written."""
        read = terms(piece)
        return cls(read, frozenset(term[:STEM] for term in read if _forms(term)))


class Support:
    """Compares claims with pieces of one passage; what few of its pieces have tells more than what all have."""

    def __init__(self, pieces: Sequence[Held]) -> None:
        """`pieces` is the passage in pieces, each part of it once."""
        known = Counter(term for piece in pieces for term in piece.terms)
        self._new = math.log(2 + len(pieces))  # of a term that no piece has
        self._worth = {
            term: _worth(term) * math.log(1 + (1 + len(pieces)) / (1 + count)) for term, count in known.items()
        }

    def of(self, claim: Terms) -> Callable[[Held], float]:
        """How much of `claim` is in a piece (0 to 1), less a little for what that has beside it (Tversky's index)."""
        whole = self._weight(claim)

        def share(held: Held) -> float:
            shared = claim & held.terms
            forms = [term for term in claim - shared if term[:STEM] in held.begun and _forms(term)]
            if not shared and not forms:
                return 0.0
            matched = self._weight(shared) + FORMS * self._weight(forms)
            return matched / ((whole + EXTRA * self._weight(held.terms - shared)) or 1.0)

        return share

    def _weight(self, said: Iterable[str]) -> float:
        # Summed so that the order of a set, which differs from process to process, does not show.
        known = self._worth
        return math.fsum([known[term] if term in known else _worth(term) * self._new for term in said])


def terms(text: str) -> Terms:
    """Numbers in one spelling, words without accents, and pairs of characters where words are not set apart."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = unicodedata.normalize("NFC", "".join(char for char in folded if not unicodedata.combining(char)))
    found = {f"#{plain(number)}" for number in NUMBER.findall(folded)}
    for word in WORD.findall(folded):
        found.update((one + other for one, other in pairwise(word)) if WIDE.search(word) else (word,))
    return frozenset(found)


def _worth(term: str) -> float:
    if term[0] == "#":
        return NUMBERS
    return min(1.0, (len(term) + 1) / FULL) if term.isascii() else 1.0


def _forms(term: str) -> bool:
    return len(term) >= STEM and term[0] != "#"
