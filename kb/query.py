"""A question as it is searched: short forms written out, misspellings mended, terms weighted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kb.analysis import AROUND_WORDS, WORD, fold, stem, words, written_out
from kb.minilm import is_english_word
from kb.postings import term_of
from kb.spelling import make_speller

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


def read_query(question: str, languages: Collection[str] = ()) -> Query:
    """`question` prepared for both legs, in any of the `languages` of a site."""
    del languages
    return _query(written_out(" ".join(question[:LONGEST].split())), {})


def mended(query: Query, unknown: set[str], words_: Mapping[str, int]) -> Query:
    """`query` with those words whose term is `unknown` replaced by words of the documents, where one was meant."""
    speller = make_speller(words_)
    better = {
        word: meant
        for word in dict.fromkeys(words(query.text))
        if term_of(word) in unknown and (meant := speller.meant(word, _is_word))
    }
    return _query(query.text, better) if better else query


def _query(text: str, better: dict[str, str]) -> Query:
    weights: dict[str, float] = {}
    for word in words(text):
        if kept := term_of(better.get(word, word)):
            weights[kept] = max(weights.get(kept, 0.0), _weight(kept, mended=word in better))
    if better:
        text = WORD.sub(lambda found: better.get(fold(found.group()), found.group()), text)
    return Query(text, tuple(weights.items()))


def _weight(kept: str, *, mended: bool) -> float:
    return (ASIDE if kept in AROUND else 1.0) * (MENDED if mended else 1.0)


def _is_word(word: str) -> bool:
    return is_english_word(word) or is_english_word(stem(word))
