"""An inverted index over some passages as bytes: built from their texts, or out of others that are merged into one."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.models.passages import TERM_MAX
from kb.analysis import term, words

MOST_ROWS = 32_768  # of one segment: a row is an uint16
MOST_COUNT = 255  # a count is an uint8; BM25 is as good as flat there
SHORTEST_WORD = 3  # that is kept for spelling
NO_TERM = -1  # a stop word's number

Ids = NDArray[np.int64]
Rows = NDArray[np.uint16]
Counts = NDArray[np.uint8]
Lengths = NDArray[np.int32]
Found = tuple[int, str, bytes]  # number of the segment, term, its postings there


@dataclass(frozen=True)
class Entry:
    """A passage as it is indexed: `text` with its title and section."""

    chunk_id: int
    text: str
    language: str = ""


@dataclass(frozen=True)
class Built:
    """A segment before it is written. Row n is the passage `chunk_ids[n]`; terms are in order of their code points."""

    chunk_ids: Ids  # ascending
    lengths: Lengths
    postings: list[tuple[str, bytes]]
    words: str  # a line each: a word as written (folded), in how many passages, and its term


@dataclass(frozen=True)
class Part:
    """A segment that is to be merged. `dead`: the rows to leave out."""

    chunk_ids: Ids
    lengths: NDArray[np.generic]
    dead: Rows
    words: str


def term_of(word: str, language: str = "") -> str:
    """What a folded word is indexed and looked up by; "" for a stop word."""
    return term(word, language)[:TERM_MAX]


def decode(data: bytes) -> tuple[Rows, Counts]:
    """The rows, ascending, and the count of each. Views of `data`: nothing is copied."""
    size = len(data) // 3
    return np.frombuffer(data, "<u2", size), np.frombuffer(data, np.uint8, size, 2 * size)


class _Numbers(dict[str, int]):
    """The number of each word of one language; `met` has the words of all languages by their numbers."""

    def __init__(self, language: str, met: list[tuple[str, str]]) -> None:
        super().__init__()
        self._language, self._met = language, met

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self._met)
        self._met.append((word, self._language))
        return number


def build(entries: Sequence[Entry]) -> Built:
    """A segment of `entries`, at most MOST_ROWS of them, each with another id."""
    assert len(entries) <= MOST_ROWS
    ordered = sorted(entries, key=lambda entry: entry.chunk_id)
    met: list[tuple[str, str]] = []  # word, language
    known: dict[str, _Numbers] = {}
    said, sizes = array("i"), [0] * len(ordered)
    for row, entry in enumerate(ordered):
        numbers = known.get(entry.language) or known.setdefault(entry.language, _Numbers(entry.language, met))
        spoken = words(entry.text)
        sizes[row] = len(spoken)
        said.extend(map(numbers.__getitem__, spoken))
    rows = np.repeat(np.arange(len(ordered)), sizes)
    keys, counts = np.unique(np.frombuffer(said, np.intc) * np.int64(MOST_ROWS) + rows, return_counts=True)
    spoken_in = np.bincount(keys // MOST_ROWS, minlength=len(met)).tolist()
    names: dict[str, int] = {}
    terms = [names.setdefault(kept, len(names)) if (kept := term_of(*one)) else NO_TERM for one in met]
    found = np.array(terms, np.int64)[keys // MOST_ROWS]
    rows, counts, found = (keys % MOST_ROWS)[found >= 0], counts[found >= 0], found[found >= 0]
    # Several words may have one term: their counts are added up.
    keys, belongs = np.unique(found * MOST_ROWS + rows, return_inverse=True)
    sums = np.bincount(belongs, counts, len(keys)).astype(np.int64)
    lengths = np.bincount(rows, counts, len(ordered)).astype(np.int32)
    listed = list(names)
    ids = np.array([entry.chunk_id for entry in ordered], np.int64)
    postings = _by_term(listed, keys // MOST_ROWS, keys % MOST_ROWS, sums)
    return Built(ids, lengths, postings, _lines(_spelled(met, spoken_in, terms, listed)))


def _spelled(
    met: list[tuple[str, str]], counts: list[int], terms: list[int], names: list[str]
) -> Counter[tuple[str, str]]:
    """What of all that was met may be proposed for a misspelled word."""
    said: Counter[tuple[str, str]] = Counter()
    for (word, _), count, number in zip(met, counts, terms, strict=True):
        if number != NO_TERM and len(word) >= SHORTEST_WORD and word.isalpha():
            said[word, names[number]] += count
    return said


def merge(parts: Sequence[Part], found: Iterable[Found]) -> Built:
    """One segment of the live rows of `parts`, at most MOST_ROWS together; `found` are all of their postings."""
    alive = [np.delete(np.arange(len(part.chunk_ids)), part.dead) for part in parts]
    ids = np.concatenate([part.chunk_ids[rows] for part, rows in zip(parts, alive, strict=True)])
    lengths = np.concatenate([part.lengths[rows] for part, rows in zip(parts, alive, strict=True)])
    order = np.argsort(ids)
    ids = ids[order]
    assert len(ids) <= MOST_ROWS
    new_rows = [np.full(len(part.chunk_ids), -1, np.int64) for part in parts]
    for at, part in enumerate(parts):
        new_rows[at][alive[at]] = np.searchsorted(ids, part.chunk_ids[alive[at]])
    postings = _renumbered(new_rows, found)
    kept = {name for name, _ in postings}
    said: Counter[tuple[str, str]] = Counter()
    for part in parts:
        for word, (count, name) in lines(part.words):
            if name in kept:
                said[word, name] += count
    return Built(ids, lengths[order].astype(np.int32), postings, _lines(said))


def lines(said: str) -> Iterable[tuple[str, tuple[int, str]]]:
    """The words of a segment: as written, and in how many passages and by which term."""
    for line in said.split("\n") if said else ():
        word, count, name = line.split(" ")
        yield word, (int(count), name)


def _lines(said: Counter[tuple[str, str]]) -> str:
    return "\n".join(f"{word} {count} {name}" for (word, name), count in sorted(said.items()))


def _renumbered(new_rows: list[NDArray[np.int64]], found: Iterable[Found]) -> list[tuple[str, bytes]]:
    """The postings of all parts by their new rows."""
    numbers: dict[str, int] = {}
    belongs: list[list[int]] = [[] for _ in new_rows]
    sizes: list[list[int]] = [[] for _ in new_rows]
    rows: list[list[bytes]] = [[] for _ in new_rows]
    counts: list[list[bytes]] = [[] for _ in new_rows]
    for at, name, data in found:
        size = len(data) // 3
        belongs[at].append(numbers.setdefault(name, len(numbers)))
        sizes[at].append(size)
        rows[at].append(data[: 2 * size])
        counts[at].append(data[2 * size :])
    all_terms = [np.repeat(belongs[at], sizes[at]).astype(np.int64) for at in range(len(new_rows))]
    all_rows = [new[np.frombuffer(b"".join(rows[at]), "<u2")] for at, new in enumerate(new_rows)]
    all_counts = [np.frombuffer(b"".join(counts[at]), np.uint8) for at in range(len(new_rows))]
    joined = np.concatenate(all_rows)
    live = joined >= 0
    return _by_term(
        list(numbers), np.concatenate(all_terms)[live], joined[live], np.concatenate(all_counts)[live].astype(np.int64)
    )


def _by_term(
    names: list[str], numbers: NDArray[np.int64], rows: NDArray[np.int64], counts: NDArray[np.int64]
) -> list[tuple[str, bytes]]:
    """Cut by term; `names[number]` is a term, some of which have no row any more."""
    sorted_ = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), np.int64)
    place[sorted_] = np.arange(len(names))
    keys = place[numbers] * MOST_ROWS + rows
    order = np.argsort(keys, kind="stable")
    bounds = np.searchsorted(keys[order], np.arange(len(names) + 1) * MOST_ROWS).tolist()
    row_bytes = rows[order].astype("<u2").tobytes()
    count_bytes = np.minimum(counts[order], MOST_COUNT).astype(np.uint8).tobytes()
    return [
        (names[number], row_bytes[2 * bounds[at] : 2 * bounds[at + 1]] + count_bytes[bounds[at] : bounds[at + 1]])
        for at, number in enumerate(sorted_)
        if bounds[at + 1] > bounds[at]
    ]
