"""Which fail-points there are, as a trace of real turns tells, and which one is next."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TRIES = 3  # draws of a point that is not reached, before it is given up
RANDOM = "at a random moment"


def read_trace(file: Path) -> list[str]:
    """The points in a trace, each once; what is in no job (a heartbeat, a renewed lease) at its first time only."""
    found = set(file.read_text().splitlines()) if file.exists() else set()
    return sorted(point for point in found if "/" in point or point.endswith("#1"))


def short(spec: str) -> str:
    """A point without its number."""
    return spec.partition("#")[0] or RANDOM


@dataclass
class Deck:
    """Points in a shuffled rotation until `rounds` deaths are counted and each point has had its own."""

    points: Sequence[str]
    rounds: int
    deaths: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    _waiting: list[str] = field(default_factory=list)

    def draw(self) -> str:
        """The next point; those that were never reached come less and less often."""
        if not self._waiting:
            self._waiting = [each for each in self.points if self.deaths[each] or self.missed[each] < TRIES]
            random.shuffle(self._waiting)
        return self._waiting.pop()

    def drawn(self, spec: str, *, died: bool) -> None:
        """Count a process that was armed with `spec`; one that did not come there died at a random moment."""
        if died:
            self.deaths[spec] += 1
        else:
            self.missed[spec] += 1
            self.deaths[""] += 1

    @property
    def total(self) -> int:
        """Deaths so far."""
        return self.deaths.total()

    @property
    def done(self) -> bool:
        """True once there were enough rounds, and, where these suffice, each point had one or was given up."""
        return self.total >= self.rounds and (self.rounds < len(self.points) or not self.untried)

    @property
    def untried(self) -> list[str]:
        """Points that have had no death, and are not given up."""
        return [each for each in self.points if not self.deaths[each] and self.missed[each] < TRIES]

    @property
    def never(self) -> list[str]:
        """Points at which no process died."""
        return [each for each in self.points if not self.deaths[each]]

    def by_name(self) -> dict[str, int]:
        """Deaths by point, without numbers, in order."""
        counted: Counter[str] = Counter()
        for spec, deaths in self.deaths.items():
            counted[short(spec)] += deaths
        return dict(sorted(counted.items()))


def numbered(names: Iterable[str], most: int) -> list[str]:
    """Each name at its first to its `most`-th time, whatever the number in the trace was."""
    return [f"{name}#{k}" for name in sorted({short(each) for each in names}) for k in range(1, most + 1)]
