"""Where a request's time goes, by phase: for `Server-Timing`, which browsers show beside the request."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Spent = dict[str, float]
"""Seconds by phase."""

_spent: ContextVar[Spent | None] = ContextVar("phases", default=None)


@contextmanager
def measured() -> Iterator[Spent]:
    """The phases of what this block does, also in threads that it hands its context to."""
    spent: Spent = {}
    token = _spent.set(spent)
    try:
        yield spent
    finally:
        _spent.reset(token)


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Count the block's time to phase `name`, where somebody measures."""
    spent = _spent.get()
    if spent is None:
        yield
        return
    began = time.perf_counter()
    try:
        yield
    finally:
        spent[name] = spent.get(name, 0.0) + time.perf_counter() - began


def server_timing(spent: Spent, whole: float) -> str:
    """The header's value: milliseconds of each phase, then of the whole request up to now."""
    return ", ".join(f"{name};dur={seconds * 1000:.1f}" for name, seconds in {**spent, "app": whole}.items())
