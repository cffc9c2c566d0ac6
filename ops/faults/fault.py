"""What a fault is: something that a fake server does wrong, from the question on or only in the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Server = TypeVar("Server")


class Hits(StrEnum):
    """Which call of the turn it hits first."""

    QUESTION = "question"  # the call that plans, and whatever follows
    ANSWER = "answer"  # the call that drafts, after a search that went well


@dataclass(frozen=True)
class Fault(Generic[Server]):
    """`arrange` is called on a server that was just reset, or, for the answer, once the search has been asked for."""

    name: str
    arrange: Callable[[Server], object]
    hits: Hits = Hits.QUESTION
    slow: bool = False  # takes as long as patience lasts


def both(name: str, arrange: Callable[[Server], object], *, slow: bool = False) -> tuple[Fault[Server], ...]:
    """The same fault twice: at the question and at the answer."""
    return tuple(Fault(name, arrange, hits, slow) for hits in Hits)
