"""Indexing a large folder in a process of its own, whose memory is watched meanwhile.

`python -m ops.bench.indexing_apart FOLDER` prints one line of JSON.
"""

import json
import os
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from core import db
from core.models import Site
from kb.documents.indexer import index_all
from kb.documents.registering import register_folder
from kb.embeddings.embedder import Embedder
from kb.embeddings.vectors import Vectors, unit
from kb.sources.source import find_sources
from ops.bench.processes import memory_mb

MODULE = "ops.bench.indexing_apart"
SITE = "bench-many"
LOOKS = 5  # at the memory, evenly
COUNTED = ("chunks", "chunk_vectors", "segments", "postings", "embedding_cache")
NOW = text("SELECT txid_current() % 4294967296")
ROWS = text(
    " UNION ALL ".join(
        f"SELECT count(*), count(*) FILTER (WHERE xmin::text::bigint > :since) FROM {table}"  # noqa: S608
        for table in COUNTED
    )
)


@dataclass(frozen=True)
class Many:
    """A folder of many documents, indexed and then looked at once more."""

    documents: int
    seconds: float
    memory_mb: list[float]  # after each fifth
    again_seconds: float
    rows_again: int

    @property
    def grown_mb(self) -> float:
        """From the first fifth to the last: what so many documents leave behind."""
        return self.memory_mb[-1] - self.memory_mb[0]


class Unpaid:
    """An embedder that costs next to nothing: one of 1,024 vectors, by the text's checksum."""

    name = "bench-unpaid"

    def __init__(self) -> None:
        """Choose the vectors."""
        self._rows = unit(np.random.default_rng(3).standard_normal((1024, 384)).astype(np.float32))

    def embed(self, texts: list[str]) -> Vectors:
        """Unit vectors of 384 dimensions."""
        made: Vectors = self._rows[[zlib.crc32(one.encode()) % 1024 for one in texts]]
        return made


class Noting:
    """An embedder that keeps what it was given."""

    def __init__(self, within: Embedder) -> None:
        """`within` does the work."""
        self._within = within
        self.seen: list[str] = []

    @property
    def name(self) -> str:
        """That of the one within."""
        return self._within.name

    def embed(self, texts: list[str]) -> Vectors:
        """As the one within."""
        self.seen += texts
        return self._within.embed(texts)


def make_site(site_id: str) -> str:
    """The site, made if it is new."""
    row = {"id": site_id, "name": "Bench", "api_key_hash": "0" * 64, "tools": ["search_kb"]}
    with db.transaction() as session:
        session.execute(insert(Site).values(row).on_conflict_do_nothing())
    return site_id


def index_folder(site_id: str, folder: Path, embedder: Embedder, on_state: Any = lambda *_: None) -> int:
    """What `handrail index FOLDER` does, in this process. Returns how many documents there are."""
    with db.transaction() as session:
        registered = register_folder(session, site_id=site_id, folder=find_sources(str(folder)))
    index_all(site_id, on_state, embedder=embedder)
    return len(registered.documents)


def measure_many(folder: Path) -> Many:
    """Index `folder` in a fresh process, and then again in another one."""
    make_site(SITE)
    first = _run(folder)
    with db.transaction() as session:
        since = session.execute(NOW).scalar_one()
    held, _ = _rows(since)
    again = _run(folder)
    total, new = _rows(since)
    gone = held - (total - new)
    return Many(first["documents"], first["seconds"], first["memory"], again["seconds"], new + gone)


def _run(folder: Path) -> Any:
    command = [sys.executable, "-m", MODULE, str(folder)]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=900)  # noqa: S603 - ourselves
    return json.loads(ran.stdout.splitlines()[-1])


def _rows(since: int) -> tuple[int, int]:
    """How many rows there are, and how many of them were written after the transaction `since`."""
    with db.transaction() as session:
        counts = session.execute(ROWS, {"since": since}).all()
    return sum(total for total, _ in counts), sum(new for _, new in counts)


def _main(folder: Path) -> None:
    from core import log, queue

    log.configure("ERROR")
    queue.connect()
    count = sum(1 for file in folder.rglob("*.md"))
    ended = 0
    memory: list[float] = []

    def on_state(_: object, state: str) -> None:
        nonlocal ended
        ended += state in {"live", "failed"}
        if ended * LOOKS >= count * (len(memory) + 1):
            memory.append(memory_mb(os.getpid()))

    began = time.monotonic()
    documents = index_folder(SITE, folder, Unpaid(), on_state)
    took = time.monotonic() - began
    memory.append(memory_mb(os.getpid()))
    sys.stdout.write(json.dumps({"documents": documents, "seconds": took, "memory": memory}) + "\n")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
