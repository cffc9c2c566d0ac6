"""What never changes of segments, kept by each process: bounded in bytes, and never asked whether it is still true.

Which segments there are, and which of their rows are dead, is read with every question. A number alone does not name a
segment: after a restored backup another one may have it. So it goes with the moment at which it was made.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable

from kb.search.lexical import Fixed

MOST_BYTES = 64 * 1024 * 1024  # five million passages
MOST_SCOPES = 4_096

Key = tuple[int, int]  # number of the segment, and when it was made in microseconds
Scope = tuple[str, str]  # site and channel


class Shelf:
    """Safe to share between threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Start empty."""
        self._most, self._bytes = most_bytes, 0
        self._fixed: OrderedDict[Key, Fixed] = OrderedDict()
        self._scopes: OrderedDict[Scope, list[Key]] = OrderedDict()
        self._languages: dict[Scope, frozenset[str]] = {}
        self._guard = threading.Lock()

    def known(self, scope: Scope) -> dict[Key, Fixed]:
        """The segments that a scope had when it was asked last, as far as they are still here."""
        with self._guard:
            kept = {key: self._fixed[key] for key in self._scopes.get(scope, ()) if key in self._fixed}
            for key in kept:
                self._fixed.move_to_end(key)
        return kept

    def keep(self, scope: Scope, keys: list[Key], new: Iterable[tuple[Key, Fixed]]) -> None:
        """Note which segments a scope has, and keep those that are new."""
        with self._guard:
            self._scopes[scope] = keys
            self._scopes.move_to_end(scope)
            while len(self._scopes) > MOST_SCOPES:
                self._scopes.popitem(last=False)
            for key, fixed in new:
                if key not in self._fixed:
                    self._fixed[key] = fixed
                    self._bytes += fixed.size
            while self._bytes > self._most:
                self._bytes -= self._fixed.popitem(last=False)[1].size

    def languages(self, scope: Scope) -> frozenset[str]:
        """The languages that a scope had when it was asked last."""
        return self._languages.get(scope, frozenset())

    def speak(self, scope: Scope, languages: frozenset[str]) -> None:
        """Note which languages a scope has."""
        with self._guard:
            if len(self._languages) > MOST_SCOPES:
                self._languages.clear()
            self._languages[scope] = languages

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._bytes


SHELF = Shelf()
