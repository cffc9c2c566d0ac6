"""Words into terms, by language: without stop words, stemmed where the language is one of four."""

import threading
from functools import lru_cache

import Stemmer

from kb.analysis.stop_words import STOP_WORDS
from kb.analysis.written import LONGEST, WORD, fold, parts

ALGORITHMS = {"en": "english", "es": "spanish", "de": "german", "fr": "french"}
UNKNOWN = "en"  # how a text of Latin letters is read whose language can't be told
ARABIC_ARTICLES = ("وال", "بال", "كال", "فال", "ال", "لل")
SHORTEST_ARABIC = 3  # letters that stay

MOST_KNOWN = 50_000  # words of one language whose terms are kept, of about 250 bytes each

_own = threading.local()  # a stemmer must not be shared between threads


@lru_cache(maxsize=50_000)
def term(word: str, language: str = "") -> str:
    """The term that a folded word is looked up by in texts of `language`, or "" for a stop word of it."""
    return "" if word in STOP_WORDS.get(language or UNKNOWN, ()) else stem(word, language)


@lru_cache(maxsize=20_000)
def stem(word: str, language: str = "") -> str:
    """The stem of a folded word; words with digits, and those of other languages, stay as they are."""
    if not word.isalpha():
        return word
    if not word.isascii():
        return _without_article(word)
    algorithm = ALGORITHMS.get(language or UNKNOWN)
    if algorithm is None:
        return word
    if algorithm == "french":
        return _french(word)
    return _stemmed(word, algorithm)


def terms(text: str, language: str = "") -> list[str]:
    """The terms of `text`, in order."""
    known = _known(language)
    return [found for written in fold(text).split() for found in known[written]]  # no word holds white space


class _Known(dict[str, tuple[str, ...]]):
    """What is written without a space, folded → its terms. Asked for each word of a text: nothing may be slow here."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, written: str) -> tuple[str, ...]:
        said = [word for match in WORD.findall(written) for word in parts(match)]
        found = tuple(found for word in said if (found := term(word, self._language)))
        if len(written) <= LONGEST:  # what is longer, in a script without spaces, hardly comes again
            if len(self) >= MOST_KNOWN:
                self.clear()
            self[written] = found
        return found


@lru_cache(maxsize=8)
def _known(language: str) -> _Known:
    return _Known(language)


def _stemmed(word: str, algorithm: str) -> str:
    stemmers: dict[str, Stemmer.Stemmer] = _own.__dict__
    if algorithm not in stemmers:
        stemmers[algorithm] = Stemmer.Stemmer(algorithm)
    return str(stemmers[algorithm].stemWord(word))


def _french(word: str) -> str:
    """The algorithm knows "livrée" by its accent, which folding has taken: read it as "livré"."""
    if word.endswith(("ees", "ee")):
        word = word.removesuffix("s").removesuffix("e")
    found = _stemmed(word, "french")
    return f"{found[:-1]}i" if found.endswith("y") else found


def _without_article(word: str) -> str:
    for article in ARABIC_ARTICLES:
        if word.startswith(article) and len(word) - len(article) >= SHORTEST_ARABIC:
            return word.removeprefix(article)
    return word
