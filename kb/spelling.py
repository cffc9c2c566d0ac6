"""Words that a site's documents do not know: which of their own words was probably meant."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from kb.analysis import AROUND_WORDS

SHORTEST = 4  # letters: shorter words have too many neighbours
VOWELS = str.maketrans("", "", "aeiou")
CANDIDATES = 40


@dataclass(frozen=True)
class Speller:
    """Character trigrams and consonant skeletons of one site's words."""

    vocabulary: dict[str, int]
    by_trigram: dict[str, list[str]]
    by_skeleton: dict[str, list[str]]

    def meant(self, word: str, is_word: Callable[[str], bool]) -> str | None:
        """The likeliest known word, or None: for words that are known, real words of the language, and codes."""
        if len(word) < SHORTEST or not word.isalpha() or word in self.vocabulary or is_word(word):
            return None
        furthest = 1 if len(word) <= 5 else 2  # noqa: PLR2004 - one slip in a short word, two in a longer
        near = [(distance(word, other), -self.vocabulary[other], other) for other in self._candidates(word)]
        best = min((one for one in near if one[0] <= furthest), default=None)
        if best is not None:
            return best[2]
        # Text messages drop vowels: "dlvry" has the consonants of "delivery".
        skeleton = [other for other in self.by_skeleton.get(_skeleton(word), ()) if other[0] == word[0]]
        return max(skeleton, key=lambda other: self.vocabulary[other], default=None)

    def _candidates(self, word: str) -> list[str]:
        shared: Counter[str] = Counter()
        for gram in _trigrams(word):
            shared.update(self.by_trigram.get(gram, ()))
        return [other for other, _ in shared.most_common(CANDIDATES) if abs(len(other) - len(word)) <= 2]  # noqa: PLR2004


@lru_cache(maxsize=16)
def make_speller(words: Mapping[str, int]) -> Speller:
    """A speller over these words, each with how many passages have it."""
    found = dict(words)
    found |= {word: found.get(word, 0) for word in AROUND_WORDS}
    known = [word for word in found if len(word) >= SHORTEST and word.isalpha()]
    trigrams: defaultdict[str, list[str]] = defaultdict(list)
    skeletons: defaultdict[str, list[str]] = defaultdict(list)
    for word in known:
        for gram in _trigrams(word):
            trigrams[gram].append(word)
        skeletons[_skeleton(word)].append(word)
    return Speller(found, dict(trigrams), {key: found for key, found in skeletons.items() if len(key) > 2})  # noqa: PLR2004


def distance(one: str, other: str) -> int:
    """Edits between two words: insert, delete, replace, swap neighbours (restricted Damerau-Levenshtein)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        before, last, row = row, before, [i]
        for j, right in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _trigrams(word: str) -> set[str]:
    padded = f"^{word}$"
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def _skeleton(word: str) -> str:
    kept = word[0] + word[1:].translate(VOWELS)
    return "".join(char for at, char in enumerate(kept) if not at or char != kept[at - 1])
