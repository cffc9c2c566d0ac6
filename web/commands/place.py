"""Where a command works: at the configured servers, at those that a running Handrail owns, or at its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.settings import Settings, get_settings

if TYPE_CHECKING:
    from core.embedded import Addresses


@contextmanager
def at_home(*, level: str = "ERROR") -> Iterator[Settings]:
    """The settings to work with while the block runs; embedded servers are started where none run."""
    from core import embedded, log, queue, schema

    log.configure(level)
    settings = get_settings()
    if not settings.embedded:
        queue.connect()
        yield settings
        return
    found = embedded.running(settings.home)
    if found is not None:
        yield _point_at(found, settings)
        return
    with embedded.servers(settings.home, pool=settings.pool_size) as own:
        pointed = _point_at(own, settings)
        schema.migrate()
        yield pointed


def _point_at(addresses: "Addresses", settings: Settings) -> Settings:
    # The home's own key, as whoever else works there has it: what one has put away the other must find.
    os.environ.setdefault("HANDRAIL_SECRET_KEY", settings.signing_key().decode())
    os.environ.update(addresses.as_environment())
    from core import queue

    get_settings.cache_clear()
    queue.connect()
    return get_settings()
