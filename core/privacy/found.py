"""A piece of personal data in a text: which kind, and from where to where."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["secret", "card", "iban", "ssn", "national_id", "security_code", "email", "phone", "order"]

# Nobody here ever needs these: they are taken out, and kept nowhere. What stands earlier wins where two overlap.
DESTROYED: tuple[Kind, ...] = ("iban", "card", "ssn", "national_id", "secret", "security_code")
# A tool may need these.
NEEDED: tuple[Kind, ...] = ("email", "phone", "order")
RANK = {kind: rank for rank, kind in enumerate((*DESTROYED, *NEEDED))}


@dataclass(frozen=True)
class Found:
    """`kind` stands in `text[start:end]`; a text as it was given, counted in characters."""

    kind: Kind
    start: int
    end: int


def settled(found: Iterable[Found]) -> tuple[Found, ...]:
    """`found` in order of appearance. What is destroyed grows over what it touches; of the rest the first kind wins."""
    kept: list[Found] = []
    for one in sorted(set(found), key=lambda one: (RANK[one.kind], one.start, -one.end)):
        touched = [other for other in kept if one.start < other.end and other.start < one.end]
        if not touched:
            kept.append(one)
        elif one.kind in DESTROYED:  # two readings of one number, or two numbers in one: nothing of either may stay
            kept = [other for other in kept if other not in touched]
            whole = (*touched, one)
            kept.append(Found(touched[0].kind, min(each.start for each in whole), max(each.end for each in whole)))
    return tuple(sorted(kept, key=lambda one: one.start))
