"""Keys for the tests that seal."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from core.sealing.keys import make
from core.settings import get_settings

NAME = "HANDRAIL_ENCRYPTION_KEYS"
K1, K2 = make("k1"), make("k2")


@contextmanager
def keys(*given: str) -> Iterator[None]:
    """These are the keys of this process while the block runs."""
    before = os.environ.get(NAME)
    _set(",".join(given))
    try:
        yield
    finally:
        _set(before)


def _set(value: str | None) -> None:
    os.environ.pop(NAME, None)
    if value is not None:
        os.environ[NAME] = value
    get_settings.cache_clear()
