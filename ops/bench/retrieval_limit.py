"""Exact BM25 in one process's memory: the truth that others are compared with, and the limit of what is quick."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

K1, B = 1.2, 0.75


class Bm25:
    """The Lucene variant, over lists of terms. Row n is the nth list."""

    def __init__(self, analysed: Sequence[list[str]]) -> None:
        """Postings of every term, as arrays."""
        rows: defaultdict[str, list[int]] = defaultdict(list)
        counts: defaultdict[str, list[int]] = defaultdict(list)
        for row, said in enumerate(analysed):
            for term, count in Counter(said).items():
                rows[term].append(row)
                counts[term].append(count)
        lengths = np.array([len(said) for said in analysed], dtype=np.float32)
        self._damping = K1 * (1 - B + B * lengths / max(1.0, float(lengths.mean())))
        self._postings = {
            term: (np.array(found, np.int32), np.array(counts[term], np.float32)) for term, found in rows.items()
        }

    def scores(self, asked: Iterable[str]) -> NDArray[np.float32]:
        """The score of every row."""
        total = np.zeros(len(self._damping), dtype=np.float32)
        for term in dict.fromkeys(asked):
            if term in self._postings:
                rows, counts = self._postings[term]
                idf = np.log1p((len(total) - len(rows) + 0.5) / (len(rows) + 0.5))
                total[rows] += np.float32(idf) * counts / (counts + self._damping[rows])
        return total

    def best(self, asked: Iterable[str], count: int) -> list[int]:
        """The best rows, best first."""
        scores = self.scores(asked)
        some = np.argpartition(-scores, min(count, len(scores)) - 1)[:count]
        return [int(row) for row in some[np.argsort(-scores[some], kind="stable")] if scores[row] > 0]
