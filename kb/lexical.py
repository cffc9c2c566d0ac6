"""Exact BM25 (the Lucene variant) over one site's chunks: postings in numpy, changed chunk by chunk."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.analysis import term, words

K1 = 1.2
B = 0.75

Ints = NDArray[np.int32]
Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Entry:
    """A chunk as it is indexed: `text` with its title and section."""

    chunk_id: int
    text: str


@dataclass(frozen=True)
class Lexicon:
    """An immutable index. Row n is chunk `ids[n]`; the postings of term t are `rows[starts[t]:starts[t + 1]]`."""

    ids: NDArray[np.int64]
    lengths: Ints  # terms per row
    numbers: dict[str, int]  # term → number
    vocabulary: dict[str, int]  # folded word as written → chunks that it was found in when they were added
    starts: NDArray[np.int64]
    rows: Ints
    counts: NDArray[np.uint16]

    def frequency(self, found: str) -> int:
        """In how many chunks `found`, a term, occurs."""
        number = self.numbers.get(found)
        return 0 if number is None else int(self.starts[number + 1] - self.starts[number])

    def idf(self, found: str) -> float:
        """ln(1 + (N - n + 0.5) / (n + 0.5)): never negative; highest for a term that occurs nowhere."""
        frequency = self.frequency(found)
        return float(np.log1p((len(self.ids) - frequency + 0.5) / (frequency + 0.5)))

    def scores(self, query: Iterable[tuple[str, float]]) -> Scores:
        """The BM25 score of every row for weighted terms."""
        total = np.zeros(len(self.ids), dtype=np.float32)
        if not len(self.ids):
            return total
        damping = (K1 * (1 - B + B * self.lengths / max(1.0, float(self.lengths.mean())))).astype(np.float32)
        for found, weight in query:
            number = self.numbers.get(found)
            if number is None:
                continue
            part = slice(self.starts[number], self.starts[number + 1])
            rows, counts = self.rows[part], self.counts[part].astype(np.float32)
            total[rows] += (weight * self.idf(found)) * counts / (counts + damping[rows])
        return total


EMPTY = Lexicon(
    np.empty(0, np.int64),
    np.empty(0, np.int32),
    {},
    {},
    np.zeros(1, np.int64),
    np.empty(0, np.int32),
    np.empty(0, np.uint16),
)


def build(entries: Sequence[Entry]) -> Lexicon:
    """An index of `entries`."""
    return changed(EMPTY, entries, keep=frozenset())


def changed(old: Lexicon, added: Sequence[Entry], keep: frozenset[int] | set[int]) -> Lexicon:
    """`old` without the chunks that are not in `keep`, and with `added`. The old one stays valid for its readers."""
    numbers, vocabulary = dict(old.numbers), dict(old.vocabulary)
    staying = np.isin(old.ids, np.fromiter(keep, np.int64, len(keep)))
    new_row = np.cumsum(staying, dtype=np.int64) - 1
    numbered = np.repeat(np.arange(len(old.starts) - 1, dtype=np.int32), np.diff(old.starts))
    stays = staying[old.rows] if len(old.rows) else np.empty(0, bool)
    first = int(staying.sum())
    rows, found, counts, lengths = _analyse(added, first, numbers, vocabulary)
    all_terms = np.concatenate([numbered[stays], found])
    order = np.argsort(all_terms, kind="stable")
    return Lexicon(
        np.concatenate([old.ids[staying], np.array([entry.chunk_id for entry in added], np.int64)]),
        np.concatenate([old.lengths[staying], lengths]),
        numbers,
        vocabulary,
        np.searchsorted(all_terms[order], np.arange(len(numbers) + 1)).astype(np.int64),
        np.concatenate([new_row[old.rows[stays]].astype(np.int32), rows])[order],
        np.concatenate([old.counts[stays], counts])[order],
    )


def _analyse(
    added: Sequence[Entry], first: int, numbers: dict[str, int], vocabulary: dict[str, int]
) -> tuple[Ints, Ints, NDArray[np.uint16], Ints]:
    rows: list[int] = []
    found: list[int] = []
    counts: list[int] = []
    lengths: list[int] = []
    for row, entry in enumerate(added, start=first):
        said = Counter(words(entry.text))
        tally: Counter[int] = Counter()
        for word, count in said.items():
            vocabulary[word] = vocabulary.get(word, 0) + 1
            if kept := term(word):
                tally[numbers.setdefault(kept, len(numbers))] += count
        rows += [row] * len(tally)
        found += tally.keys()
        counts += tally.values()
        lengths.append(sum(tally.values()))
    capped = np.minimum(np.array(counts, np.int64), np.iinfo(np.uint16).max).astype(np.uint16)
    return np.array(rows, np.int32), np.array(found, np.int32), capped, np.array(lengths, np.int32)
