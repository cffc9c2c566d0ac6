"""Digits with something between them: a number as people write it, in groups."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

BETWEEN = r"[\s\-._/,;:|+*~·•()\[\]{}<>\"'=#\\_^!?&$@]"
RUN = re.compile(rf"\d(?:{BETWEEN}{{0,4}}\d)*")
# Ids and sums of files, and what stands behind a point: digits by the dozen, and nobody's number.
DIGEST = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{32}(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{32})?)"
    r"(?![0-9A-Za-z])|(?<![\d.])0\.\d{6,}"
)
LETTER = re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Run:
    """Digits that nothing but separators divides. `at[i]` is where digit i stands in the text."""

    digits: str
    at: tuple[int, ...]
    text: str  # with the separators

    @cached_property
    def opens(self) -> tuple[bool, ...]:
        """For each digit, whether a group begins with it."""
        return (True, *(here - before > 1 for before, here in zip(self.at, self.at[1:], strict=False)))

    def closes(self, i: int) -> bool:
        """Whether a group ends with digit `i`."""
        return i + 1 == len(self.digits) or self.opens[i + 1]

    def groups(self, first: int, last: int) -> list[int]:
        """The sizes of the groups from digit `first` to digit `last`."""
        starts = [first, *(i for i in range(first + 1, last + 1) if self.opens[i])]
        return [end - start for start, end in zip(starts, [*starts[1:], last + 1], strict=True)]

    def separators(self, first: int, last: int) -> set[str]:
        """What stands between the groups from digit `first` to digit `last`."""
        offset = self.at[0]
        pairs = zip(self.at[first:last], self.at[first + 1 : last + 1], strict=True)
        return {self.text[here + 1 - offset : there - offset] for here, there in pairs} - {""}


def runs(text: str, least: int) -> Iterator[Run]:
    """The runs of at least `least` digits."""
    hidden = [match.span() for match in DIGEST.finditer(text) if match[0].startswith("0.") or LETTER.search(match[0])]
    for match in RUN.finditer(text):
        start = match.start()
        if match.end() - start < least or any(first <= start < last for first, last in hidden):
            continue
        at = tuple(start + i for i, char in enumerate(match[0]) if char.isdigit())
        if len(at) >= least:
            yield Run("".join(text[i] for i in at), at, match[0])
