"""Words that a site's documents do not know: which of their own words were probably meant."""

import re
from collections.abc import Mapping
from functools import lru_cache

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from kb.analysis import AROUND_WORDS, fold, stem
from kb.embeddings.minilm import is_english_word

SHORTEST = 4  # letters: shorter words have too many neighbours
SHORTEST_FOREIGN = 6  # where no list of the language's words is at hand to tell a slip from a word
SHORTEST_PART = 4  # letters of a part of a compound
VOWELS = str.maketrans("", "", "aeiou")
LINKS = ("", "s", "es", "n", "en")  # between the parts of a German compound
COMPOUNDING = frozenset({"de", "nl", "sv", "da"})
MOST_COMPOUNDS = 3
NEAR = 20
CODE_LETTERS = 4  # that are often two pairs
HEADS = ("under", "over", "inter", "dis", "non", "pre", "mis", "un", "re", "in", "im")
TAILS: tuple[str, ...] = (
    "ability",
    "ation",
    "ment",
    "ness",
    "able",
    "ible",
    "less",
    "ship",
    "ated",
    "ful",
    "ify",
    "ise",
    "ize",
    "ing",
)
TAILS += ("ism", "ist", "ity", "al", "en", "er", "ic", "ly", "ed", "es", "s")
ONE_SYLLABLE = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]")
CODE_PARTS = re.compile(r"[^\W\d_]+|\d+")


def alternatives(word: str, known: Mapping[str, int], language: str, *, name: bool = False) -> tuple[list[str], bool]:
    """What may stand for `word`, which nobody in the documents has; and True where that is its right spelling.

    `language` is the question's, "" where it can't be told. Real words of the language are not "mended", and a `name`
    only where one slip explains it.
    """
    if not word.isalpha():
        return code_parts(word), False
    if not known or len(word) < SHORTEST or not word.isascii():
        return [], False
    english = language in {"", "en"}
    if english and is_word(word):
        return [], False
    if better := meant(word, known, 1 if name else 2) if english else slipped(word, known):
        return [better], True
    if halves := compound(word, known):
        return halves, False
    return (holding(word, known) if language in COMPOUNDING else []), False


def is_word(word: str) -> bool:
    """True for English words, also where only what they are made of is at hand: "undeveloped", "broaden"."""
    if is_english_word(word) or is_english_word(stem(word)):
        return True
    rest = next((word.removeprefix(head) for head in HEADS if word.startswith(head)), word)
    bases = [rest.removesuffix(tail) for tail in TAILS if rest.endswith(tail) and _joins(rest.removesuffix(tail), tail)]
    return any(len(base) >= SHORTEST and is_english_word(base) for base in (rest, *bases) if base != word)


def _joins(base: str, tail: str) -> bool:
    """False where the last letter had to be doubled: "shiping" is no form of "ship"."""
    return tail[0] not in "aeiou" or not ONE_SYLLABLE.fullmatch(base)


def meant(word: str, known: Mapping[str, int], furthest: int = 2) -> str | None:
    """The known word that is one slip away from `word`, or two from a longer one; or has its consonants."""
    reach = 1 if len(word) <= 5 else 2  # noqa: PLR2004 - one slip in a short word
    # Who slips still begins with the right letter, if not with the second one.
    near = [found for found in _near(word, known, reach) if word[0] in found[0][:2]]
    near = [(other, steps) for other, steps in near if steps <= furthest or sorted(other) == sorted(word)]
    best = min(((steps, -known.get(other, 0), other) for other, steps in near), default=None)
    return best[2] if best else _without_vowels(word, known)


def slipped(word: str, known: Mapping[str, int]) -> str | None:
    """The only known word from which a letter was dropped, doubled or swapped; none where another was put.

    "Cuenta" is no slip of "cuesta": languages are full of pairs that differ in one letter.
    """
    if len(word) < SHORTEST_FOREIGN:
        return None
    near = [other for other, _ in _near(word, known, 1) if other[0] == word[0]]
    near = [other for other in near if len(other) != len(word) or sorted(other) == sorted(word)]
    return near[0] if len(near) == 1 else None


def compound(word: str, known: Mapping[str, int]) -> list[str]:
    """The two known words that `word` is made of: "versandkosten" of "versand" and "kosten"."""
    for at in range(len(word) - SHORTEST_PART, SHORTEST_PART - 1, -1):
        if word[at:] not in known:
            continue
        for link in LINKS:
            first = word[:at].removesuffix(link)
            if len(first) >= SHORTEST_PART and word[:at].endswith(link) and first in known:
                return [first, word[at:]]
    return []


def holding(word: str, known: Mapping[str, int]) -> list[str]:
    """The commonest known compounds that begin or end with `word`."""
    if len(word) <= SHORTEST_PART:
        return []
    longer = [other for other in known if len(other) >= len(word) + SHORTEST_PART - 1 and other.isalpha()]
    held = [other for other in longer if other.startswith(word) or other.endswith(word)]
    return sorted(held, key=lambda other: (-known[other], other))[:MOST_COMPOUNDS]


def code_parts(word: str) -> list[str]:
    """The pieces that a code may be written in: "flmt045" as "flmt 045" or "fl mt 045"."""
    found = CODE_PARTS.findall(word)
    if len(found) < 2:  # noqa: PLR2004 - a number alone
        return []
    halves = [half for piece in found if len(piece) == CODE_LETTERS for half in (piece[:2], piece[2:])]
    return list(dict.fromkeys([*found, *(half for half in halves if half.isalpha())]))


def _near(word: str, known: Mapping[str, int], furthest: int) -> list[tuple[str, int]]:
    found = extract(word, _spellings(known), scorer=OSA.distance, score_cutoff=furthest, limit=NEAR)
    return [(other, int(steps)) for other, steps, _ in found if steps]


@lru_cache(maxsize=8)
def _spellings(known: Mapping[str, int]) -> list[str]:
    return [other for other in (*known, *map(fold, AROUND_WORDS)) if len(other) >= SHORTEST and other.isalpha()]


def _without_vowels(word: str, known: Mapping[str, int]) -> str | None:
    """Text messages drop vowels: "dlvry" has the consonants of "delivery"."""
    bare = _skeleton(word)
    if len(bare) <= 2:  # noqa: PLR2004 - "or", "are" and "our" have the same
        return None
    same = [other for other in known if other[:1] == word[0] and other.isalpha() and _skeleton(other) == bare]
    return max(same, key=lambda other: known[other], default=None)


def _skeleton(word: str) -> str:
    kept = word[0] + word[1:].translate(VOWELS)
    return "".join(char for at, char in enumerate(kept) if not at or char != kept[at - 1])
