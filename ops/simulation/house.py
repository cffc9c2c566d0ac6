"""A whole Handrail for played visitors: the demo shop's API and a chat worker as processes, on servers of their own."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from core import db
from core.errors import Unavailable
from core.settings import get_settings
from kb.documents.indexer import index_all
from ops.bench.processes import free_port, wait_for_port
from ops.children import Child, stop
from ops.demo import content
from ops.simulation.visit import PATIENCE_S

READY_S = 60.0
FREE = {"SESSIONS_PER_MINUTE": "100000", "MESSAGES_PER_MINUTE": "100000"}  # all visitors have one address


@contextmanager
def open_house() -> Iterator[httpx2.Client]:
    """A client of it, ready, while the block runs. The settings point at servers that this process may write to."""
    with db.transaction() as session:
        content.prepare(session)
    index_all(content.SITE, lambda _, __: None)
    port = free_port()
    os.environ.update({f"HANDRAIL_{name}": value for name, value in (FREE | {"PORT": str(port)}).items()})
    os.environ["HANDRAIL_PROFILE"] = "demo"
    get_settings.cache_clear()
    folder = get_settings().home / "log"
    folder.mkdir(parents=True, exist_ok=True)
    api = Child("api", ("-m", "ops.demo.app"), folder / "api.log")
    chat = Child("chat", ("-m", "ops.cli", "worker", "chat"), folder / "chat.log")
    try:
        for child in (api, chat):
            child.start()
        wait_for_port(port)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
            _wait_for_worker(client)
            yield client
    finally:
        stop((api, chat), 25.0)


def _wait_for_worker(client: httpx2.Client) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        if client.get("/readyz").json()["parts"].get("worker:chat") == "ok":
            return
        time.sleep(0.1)
    raise Unavailable(f"No chat worker after {READY_S:.0f} s: see {get_settings().home / 'log' / 'chat.log'}.")
