"""A question as it is searched: short forms written out, misspellings mended, terms weighted."""

from dataclasses import dataclass

from kb.analysis import AROUND_WORDS, WORD, fold, stem, term, words, written_out
from kb.minilm import is_english_word
from kb.spelling import Speller

LONGEST = 1_000  # characters: a longer question is cut, or it would match everything
ASIDE = 0.3  # weight of a word that is put around a subject: a page on returns need not say "policy"
MENDED = 0.8  # weight of a term that was guessed
AROUND = frozenset(map(stem, AROUND_WORDS))


@dataclass(frozen=True)
class Query:
    """`text` goes to the embedder; `terms` with their weights to BM25."""

    text: str
    terms: tuple[tuple[str, float], ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The terms alone."""
        return tuple(found for found, _ in self.terms)


def read_query(question: str, speller: Speller) -> Query:
    """`question` prepared for both legs."""
    text = written_out(" ".join(question[:LONGEST].split()))
    mended = {}
    for word in dict.fromkeys(words(text)):
        if better := speller.meant(word, _is_word):
            mended[word] = better
    weights: dict[str, float] = {}
    for word in words(text):
        if kept := term(mended.get(word, word)):
            weights[kept] = max(weights.get(kept, 0.0), _weight(kept, mended=word in mended))
    if mended:
        text = WORD.sub(lambda found: mended.get(fold(found.group()), found.group()), text)
    return Query(text, tuple(weights.items()))


def _weight(kept: str, *, mended: bool) -> float:
    return (ASIDE if kept in AROUND else 1.0) * (MENDED if mended else 1.0)


def _is_word(word: str) -> bool:
    return is_english_word(word) or is_english_word(stem(word))
