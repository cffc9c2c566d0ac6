"""Servers of their own for evaluation and benchmarks: nothing that they do touches a running Handrail's data."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from core import db, embedded, log, queue, schema
from core.settings import get_settings


@contextmanager
def apart(name: str, *, pool: int = 0) -> Iterator[None]:
    """Embedded servers in `HANDRAIL_HOME/name`, migrated; while the block runs, this process's settings point there.

    They have room for processes with `pool` connections (0: as the settings have it).

    Raises embedded.ServersTaken while another one of the same name runs.
    """
    home = get_settings().home / name
    with embedded.servers(home, pool=pool or get_settings().pool_size) as addresses:
        os.environ.update(addresses.as_environment(), HANDRAIL_HOME=str(home))
        os.environ.setdefault("HANDRAIL_SECRET_KEY", secrets.token_urlsafe(48))
        get_settings.cache_clear()
        log.configure("ERROR")
        queue.connect()
        schema.migrate()
        yield
        db.dispose()
