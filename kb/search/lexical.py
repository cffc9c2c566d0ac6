"""The lexical leg: exact BM25 (the Lucene variant) over the live rows of a site's segments."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log1p

import numpy as np
from numpy.typing import NDArray

from kb.index.postings import Counts, Ids, Rows, decode

K1 = 1.2
B = 0.75

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class TermStats:
    """How common the terms of one question are among the `size` passages that it may be answered from."""

    size: int = 0
    frequencies: Mapping[str, int] = field(default_factory=dict)

    def frequency(self, found: str) -> int:
        """In how many passages `found`, a term of the question, occurs."""
        return self.frequencies.get(found, 0)

    def idf(self, found: str) -> float:
        """ln(1 + (N - n + 0.5) / (n + 0.5)): never negative; highest for a term that occurs nowhere."""
        frequency = self.frequency(found)
        return log1p((self.size - frequency + 0.5) / (frequency + 0.5))


@dataclass(frozen=True)
class Fixed:
    """What never changes of a segment, so that it may be kept: its passages, and how many terms each has."""

    chunk_ids: Ids  # ascending
    lengths: Scores
    total: float  # of the lengths

    @classmethod
    def of(cls, chunk_ids: bytes, lengths: bytes) -> "Fixed":
        """As they are stored."""
        counted = np.frombuffer(lengths, "<i4").astype(np.float32)
        return cls(np.frombuffer(chunk_ids, "<i8"), counted, float(counted.sum(dtype=np.float64)))

    def more_dead(self, dead: bytes, without: Collection[int]) -> bytes:
        """`dead`, and the rows of these passages."""
        left_out = np.flatnonzero(np.isin(self.chunk_ids, np.fromiter(without, np.int64)))
        return np.union1d(np.frombuffer(dead, "<u2"), left_out).astype("<u2").tobytes()

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.chunk_ids.nbytes + self.lengths.nbytes)


class Searched:
    """One segment with the postings of one question's terms."""

    def __init__(self, fixed: Fixed, dead: bytes) -> None:
        """`dead`: rows as uint16."""
        self.fixed = fixed
        self.dead: Rows = np.frombuffer(dead, "<u2")
        self.postings: dict[str, tuple[Rows, Counts]] = {}
        self._alive: NDArray[np.bool_] | None = None

    @property
    def live(self) -> int:
        """Rows that are not dead."""
        return len(self.fixed.chunk_ids) - len(self.dead)

    @property
    def total(self) -> float:
        """Terms of the live rows."""
        return self.fixed.total - (float(self.fixed.lengths[self.dead].sum(dtype=np.float64)) if len(self.dead) else 0)

    def add(self, name: str, data: bytes) -> int:
        """The postings of a term; returns how many of its rows are live."""
        self.postings[name] = rows, _ = decode(data)
        if not len(self.dead):
            return len(rows)
        if self._alive is None:
            self._alive = np.ones(len(self.fixed.chunk_ids), bool)
            self._alive[self.dead] = False
        return int(np.count_nonzero(self._alive[rows]))

    def scores(self, worth: Iterable[tuple[str, float]], mean: float) -> Scores:
        """BM25 of every row; `worth` is what a term counts, weight and idf. The dead have nothing."""
        scores = np.zeros(len(self.fixed.chunk_ids), np.float32)
        wanted = [(self.postings[name], np.float32(value)) for name, value in worth if name in self.postings]
        for (rows, counts), value in wanted:
            at = rows.astype(np.intp)
            damping = self.fixed.lengths[at] * np.float32(K1 * B / mean) + np.float32(K1 * (1 - B))
            scores[at] += value * counts / (counts + damping)
        if len(self.dead):
            scores[self.dead] = 0
        return scores


class Lexical:
    """The scores of one question in all segments that it may be answered from."""

    def __init__(self, segments: Sequence[Searched], frequencies: Mapping[str, int]) -> None:
        """Segments hold the question's postings; `frequencies` counts their live rows by term."""
        self._segments = [segment for segment in segments if segment.live]
        self.stats = TermStats(sum(segment.live for segment in self._segments), frequencies)
        self._scored: list[Scores] = []

    def score(self, terms: Iterable[tuple[str, float]]) -> None:
        """Weigh the terms and score every row. They are added in one order, so a merge changes no score."""
        worth = [(name, weight * self.stats.idf(name)) for name, weight in terms if self.stats.frequency(name)]
        mean = max(1.0, sum(segment.total for segment in self._segments) / max(1, self.stats.size))
        self._scored = [segment.scores(worth, mean) for segment in self._segments]

    def best(self, count: int) -> dict[int, float]:
        """The best passages that have a term at all, best first; of equals, the older ones."""
        found: list[tuple[float, int]] = []
        for segment, scores in zip(self._segments, self._scored, strict=True):
            rows = _top(scores, count)
            ids = segment.fixed.chunk_ids[rows].tolist()
            found += zip((-scores[rows]).tolist(), ids, strict=True)
        return {chunk_id: -score for score, chunk_id in sorted(found)[:count]}

    def of(self, chunk_ids: Sequence[int]) -> dict[int, float]:
        """The scores of these passages; 0 for one that is in no segment."""
        asked = np.array(chunk_ids, np.int64)
        scores = np.zeros(len(asked), np.float32)
        for segment, scored in zip(self._segments, self._scored, strict=True):
            ids = segment.fixed.chunk_ids
            rows = np.minimum(np.searchsorted(ids, asked), len(ids) - 1)
            scores = np.where(ids[rows] == asked, np.maximum(scores, scored[rows]), scores)
        return dict(zip(chunk_ids, scores.tolist(), strict=True))


def _top(scores: Scores, count: int) -> NDArray[np.intp]:
    """The rows of the `count` highest scores above nothing; of equals, the first ones."""
    rows = np.flatnonzero(scores)
    if len(rows) <= count:
        return rows
    held = scores[rows]
    least = np.partition(held, len(held) - count)[len(held) - count]
    above = rows[held > least]
    return np.concatenate([above, rows[held == least][: count - len(above)]])
