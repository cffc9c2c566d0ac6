"""The words that a site's documents are written with: for questions in which one is misspelled."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

from sqlalchemy.orm import Session

from kb.index import wire
from kb.index.postings import lines

MOST_WORDS = 2_000_000  # kept by one process, each about 100 bytes

WORDS = "SELECT id, words FROM segments WHERE id = ANY(%(ids)s)"

Key = tuple[int, int]


class Words(dict[str, int]):
    """Folded word → in how many passages it occurs, those removed since the last merge included. Hashed by identity."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # nobody changes it


class Vocabulary:
    """The words of segments and of sets of them, kept until there are too many. Safe to share between threads."""

    def __init__(self, most: int = MOST_WORDS) -> None:
        """Start empty."""
        self._most, self._held = most, 0
        self._kept: OrderedDict[tuple[Key, ...], Words] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, keys: tuple[Key, ...]) -> Words | None:
        """The words of these segments, if they are here."""
        with self._guard:
            found = self._kept.get(keys)
            if found is not None:
                self._kept.move_to_end(keys)
            return found

    def keep(self, keys: tuple[Key, ...], words: Words) -> Words:
        """Keep and return them."""
        with self._guard:
            if keys not in self._kept:
                self._kept[keys] = words
                self._held += len(words)
            while self._held > self._most and len(self._kept) > 1:
                self._held -= len(self._kept.popitem(last=False)[1])
        return words


_shared = Vocabulary()


def words_of(session: Session, keys: tuple[Key, ...]) -> Words:
    """The words of the passages in these segments, which `match` found; read only where they are not here yet."""
    if (whole := _shared.get(keys)) is not None:
        return whole
    held = {key: _shared.get((key,)) for key in keys}
    missing = {key[0]: key for key, words in held.items() if words is None}
    for number, said in wire.rows(session, WORDS, {"ids": list(missing)}) if missing else ():
        held[missing[number]] = _shared.keep((missing[number],), _added((word, n) for word, (n, _) in lines(said)))
    some = [words for words in held.values() if words is not None]
    if len(some) == 1:
        return some[0]
    return _shared.keep(keys, _added(pair for words in some for pair in words.items()))


def _added(pairs: Iterable[tuple[str, int]]) -> Words:
    words = Words()
    for word, count in pairs:
        words[word] = words.get(word, 0) + count
    return words
