"""From what a visitor types to terms that can be compared: chat spelling, typing errors, stems, synonyms."""

import re
from functools import cache, lru_cache

from brain.extractive.lexicon import (
    CHAT_SPELLING,
    COMMON,
    COUNTRIES,
    COUNTRY_WORDS,
    PALE_WORDS,
    SAME,
    STOP_WORDS,
    TURNS,
)
from kb.analysis import stem, words, written_out

SHORTEST_MENDED = 5
WORD = re.compile(r"[\w@][\w.@/'-]*")


def plain_english(text: str) -> str:
    """`text` with chat spelling written out; the rest stays as it is."""
    lines = (written_out(line) for line in text.replace("\u2019", "'").splitlines())
    return WORD.sub(lambda match: _long(match.group()), "\n".join(lines))


def mended(plain: str) -> str:
    """`plain` with errors in words of support talk mended: for rules. A search knows the site's own words better."""
    return WORD.sub(lambda match: _nearest(match.group().lower()) or match.group(), plain)


def _long(word: str) -> str:
    bare = word.lower().rstrip(".")
    return CHAT_SPELLING[bare] + word[len(bare) :] if bare in CHAT_SPELLING else word


def in_documents_words(question: str) -> str:
    """`question` with the documents' word added for each turn of phrase ("run out" → "expire")."""
    return " ".join([question, *(word for turn, word in _turns() if turn.search(question))])


@cache
def _turns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(turn, re.IGNORECASE), word) for turn, word in TURNS)


@lru_cache(maxsize=4096)
def _nearest(word: str) -> str:
    """The common word that `word` misspells, or ""."""
    if (
        len(word) < SHORTEST_MENDED
        or not word.isalpha()
        or stem(word) in _known_stems()
        or word in PALE_WORDS | STOP_WORDS
    ):
        return ""
    close = [known for known in COMMON if known[0] == word[0] and one_slip(word, known)]
    return min(close, key=lambda known: (abs(len(known) - len(word)), known), default="")


@cache
def _known_stems() -> frozenset[str]:
    return frozenset(map(stem, COMMON)) | frozenset(stem(word) for group in SAME for word in group)


def one_slip(first: str, second: str) -> bool:
    """True where one letter is wrong, missing, extra, or two neighbours are swapped."""
    if abs(len(first) - len(second)) > 1 or first == second:
        return first == second
    at = next(
        (at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    one, other = first[at:], second[at:]
    swapped = len(one) > 1 and one[:2] == other[1::-1] and one[2:] == other[2:]
    return swapped or one[1:] == other[1:] or one[1:] == other or one == other[1:]


@cache
def _synonyms() -> dict[str, frozenset[str]]:
    near: dict[str, set[str]] = {}
    for group in SAME:
        stems = {stem(word) for word in group}
        for one in stems:
            near.setdefault(one, set()).update(stems - {one})
    return {one: frozenset(others) for one, others in near.items()}


def synonyms(term: str) -> frozenset[str]:
    """Stems that mean about the same as `term` in a shop."""
    return _synonyms().get(term, frozenset())


@cache
def catch_all(term: str) -> frozenset[str]:
    """For a country the stems by which documents speak of all those that they do not name."""
    countries = frozenset(map(stem, COUNTRIES))
    return frozenset(map(stem, COUNTRY_WORDS)) if term in countries else frozenset()


@cache
def pale_stems() -> frozenset[str]:
    """Stems that say little about what is asked."""
    return frozenset(map(stem, PALE_WORDS))


def content_stems(text: str) -> list[str]:
    """The stems of `text` that carry meaning, in order, without doubles."""
    return list(dict.fromkeys(stem(word) for word in words(text) if word not in STOP_WORDS))
