"""How long one call to a model may keep us waiting: for its first words, between its words, and in all."""

from typing import Self

from brain.client import BrainTimeout
from core.deadline import Deadline

MOST_BYTES = 2_000_000  # of one answer, whatever it is; a model that sends more has lost its way


class Patience(float):
    """A timeout that every library on the way takes for a number, while our connections ask it anew at each read.

    A plain read timeout starts again with every byte: a server that drips, or only sends keep-alives, outlives it.
    """

    _total: Deadline
    _next: Deadline
    _between_s: float
    _begun: bool
    _bytes: int

    def __new__(cls, total: Deadline, *, first_s: float, between_s: float) -> Self:
        """At most `first_s` until the first words, then `between_s` for each next ones, and never beyond `total`."""
        made = super().__new__(cls, min(total.left(), max(first_s, between_s)))
        made._total, made._next = total, total.sooner(first_s)
        made._between_s, made._begun, made._bytes = between_s, False, 0
        return made

    def left(self) -> float:
        """Seconds that the next read may take; never quite zero, which sockets take for "do not wait"."""
        return max(min(self._next.left(), self._total.left()), 0.001)

    @property
    def over(self) -> bool:
        """True where the model has kept us waiting for too long."""
        return self._next.passed or self._total.passed

    def heard(self) -> None:
        """The model has said something."""
        self._begun, self._next = True, self._total.sooner(self._between_s)

    def endless(self, more: int) -> bool:
        """True where these `more` bytes are too many, after all that came before them."""
        self._bytes += more
        return self._bytes > MOST_BYTES

    def at_most(self, seconds: float) -> None:
        """All that matters has been heard: wait so long for the rest."""
        self._next = self._total.sooner(seconds)

    def timeout(self) -> BrainTimeout:
        """What to raise when it is over, with the limit that was passed."""
        if self._total.passed:
            return BrainTimeout()
        return BrainTimeout("The model fell silent." if self._begun else "The model did not begin to answer in time.")
