"""A search as it would be if a changed document were live: its staged passages seen, and those that go left out."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from kb.index import wire


@dataclass(frozen=True)
class View:
    """`channel` is what nobody else may be answered from; `without` are passages that are passed over."""

    channel: str
    without: frozenset[int]


_SEEN: ContextVar[View | None] = ContextVar("view", default=None)


def view() -> View | None:
    """What this thread looks through now."""
    return _SEEN.get()


@contextmanager
def looking_through(seen: View) -> Iterator[None]:
    """All searches of this thread look through `seen` while the block runs."""
    token = _SEEN.set(seen)
    try:
        yield
    finally:
        _SEEN.reset(token)


def channels(channel: str) -> str:
    """What a passage must be for to be found from `channel`, as a parameter: that, everybody, or this view."""
    seen = _SEEN.get()
    return wire.array((channel, "*") if seen is None else (channel, "*", seen.channel))
