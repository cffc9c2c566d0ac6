"""From what a visitor types to terms that can be compared: chat spelling, typing errors, stems."""

import re
from functools import cache, lru_cache

from brain.extractive.lexicon import CHAT_SPELLING, COMMON, PALE_WORDS, STOP_WORDS
from brain.extractive.phrases import language
from core.privacy.cleaning import unmarked
from kb.analysis import stem, words, written_out
from kb.embeddings.minilm import is_english_word

SHORTEST_MENDED = 5
SHORTEST_SLIPPED = 4
WORD = re.compile(r"[\w@][\w.@/'-]*")


def plain_english(text: str) -> str:
    """`text` with chat spelling written out, without the marks of what was removed; the rest stays as it is.

    In another language the same letters are a word: the German "wo" is no "without".
    """
    bare = unmarked(text).replace("\u2019", "'")
    if language(bare) != "en":
        return "\n".join(bare.splitlines())
    lines = (written_out(line) for line in bare.splitlines())
    return WORD.sub(lambda match: _long(match.group()), "\n".join(lines))


def mended(plain: str) -> str:
    """`plain` with errors in words of support talk mended: for rules. A search knows the site's own words better."""
    return WORD.sub(lambda match: _nearest(match.group().lower()) or match.group(), plain)


def _long(word: str) -> str:
    bare = word.lower().rstrip(".")
    return CHAT_SPELLING[bare] + word[len(bare) :] if bare in CHAT_SPELLING else word


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
    return frozenset(map(stem, COMMON))


def spelled_as(text: str, vocabulary: frozenset[str]) -> str:
    """`text` with each word that is none mended to the word of `vocabulary` that is one slip away, if there is one."""
    return WORD.sub(lambda match: _known(match.group(), vocabulary), text)


@lru_cache(maxsize=4096)
def _known(word: str, vocabulary: frozenset[str]) -> str:
    low = word.lower()
    if len(low) < SHORTEST_SLIPPED or not low.isalpha() or low in vocabulary or is_english_word(low):
        return word
    close = [other for other in vocabulary if other[:1] == low[0] and one_slip(low, other)]
    return min(close, key=lambda other: (abs(len(other) - len(low)), other), default=word)


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
def pale_stems() -> frozenset[str]:
    """Stems that say little about what is asked."""
    return frozenset(map(stem, PALE_WORDS))


def content_stems(text: str) -> list[str]:
    """The stems of `text` that carry meaning, in order, without doubles."""
    return list(dict.fromkeys(stem(word) for word in words(text) if word not in STOP_WORDS))
