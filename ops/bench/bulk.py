"""How quickly a folder of many short documents is indexed, and in how much memory; then the same once more."""

import argparse
import hashlib
import os
import random
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from kb.embeddings.vectors import Vectors

COUNTS = (1_000, 5_000, 10_000)
DIMENSIONS = 384


class Nothing:
    """An embedder that costs next to nothing: what is timed is all the rest."""

    name = "bench-384"

    def embed(self, texts: list[str]) -> Vectors:
        """Rows that follow from the text's hash."""
        rows = [np.frombuffer(hashlib.shake_128(text.encode()).digest(DIMENSIONS), dtype=np.int8) for text in texts]
        made = np.array(rows, dtype=np.float32).reshape(len(texts), DIMENSIONS)
        scaled: Vectors = made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-6)
        return scaled


def write_documents(folder: Path, count: int, *, words: int = 120, seed: int = 7) -> None:
    """`count` Markdown files of about `words` words, a thousand to a folder, with times long past."""
    chance = random.Random(seed)  # noqa: S311 - the same documents each time
    lexicon = [hashlib.sha256(str(n).encode()).hexdigest()[: chance.randint(3, 9)] for n in range(20_000)]
    weights = [1 / (rank + 3) for rank in range(len(lexicon))]
    for number in range(count):
        path = folder / f"{number // 1_000:03}" / f"{number:06}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = " ".join(chance.choices(lexicon, weights, k=words))
        path.write_text(f"# Document {number}\n\n{text}.\n", encoding="utf-8")
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))


def measure(count: int) -> dict[str, Any]:
    """Index `count` documents in this process, twice."""
    from core.db import transaction
    from core.models import Site
    from kb.documents.indexer import index_waiting
    from kb.documents.registering import register_in_batches
    from kb.embeddings.site_models import only
    from kb.sources.source import find_sources

    site = f"bulk-{count}"
    with transaction() as session:
        session.add(Site(id=site, name="Bulk", api_key_hash="0" * 64, tools=[]))
    with TemporaryDirectory() as name:
        write_documents(Path(name), count)
        begun, worked = time.perf_counter(), time.process_time()
        register_in_batches(site, find_sources(name))
        registered, embedders = time.perf_counter(), only(Nothing())
        while index_waiting(site, embedders=embedders):
            pass
        done, worked = time.perf_counter(), time.process_time() - worked
        again = register_in_batches(site, find_sources(name))
        found = {"again_s": time.perf_counter() - done, "again_unchanged": again.unchanged, "cpu_s": worked}
    return _counted(site) | found | {"register_s": registered - begun, "index_s": done - registered}


def _counted(site: str) -> dict[str, Any]:
    from sqlalchemy import func, select

    from core.db import transaction
    from core.models import Chunk, Document

    with transaction() as session:
        live = select(func.count()).where(Document.site_id == site, Document.state == "live")
        chunks = select(func.count()).where(Chunk.site_id == site)
        return {"live": session.scalar(live), "chunks": session.scalar(chunks)}


def main() -> None:
    """Measure in a fresh process for each count, so that each has its own memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int)
    asked = parser.parse_args()
    if asked.count is None:
        for count in COUNTS:
            os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-m", "ops.bench.bulk", "--count", str(count)])  # noqa: S606
        return
    from core import embedded, queue, schema
    from core.settings import get_settings

    with TemporaryDirectory() as home, embedded.servers(Path(home)) as addresses:
        os.environ.update(addresses.as_environment())
        os.environ.update(HANDRAIL_HOME=home, HANDRAIL_PROFILE="test")
        get_settings.cache_clear()
        queue.connect()
        schema.migrate()
        found = measure(asked.count)
    seconds = found["register_s"] + found["index_s"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said = (
        f"{found['live']:>6} documents, {found['chunks']} chunks",
        f"looked at in {found['register_s']:.1f} s, live after {found['index_s']:.1f} s more",
        f"{found['chunks'] / seconds:,.0f} chunks/s ({found['chunks'] / found['cpu_s']:,.0f} a second of our CPU)",
        f"again: {found['again_unchanged']} unchanged in {found['again_s']:.2f} s",
        f"most memory {memory:.0f} MB",
    )
    print("; ".join(said))


if __name__ == "__main__":
    main()
