"""What only processes of their own can show: start-up, memory, and how soon one knows what another one has committed.

`python -m ops.bench.retrieval_apart start SITE` searches a few times and prints one line of JSON. `… watch SITE` reads
words from standard input ("+word" is to appear, "-word" to go), and for each searches until it is so.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO

import numpy as np

MODULE = "ops.bench.retrieval_apart"
SEARCHES = 100
AFTER = 3  # searches beyond the one that saw the change: it must stay
WAIT_S = 0.03  # the other process searches so long before anything changes
PATIENCE_S = 10.0
SAID = "how to return a tent with damaged poles before winter"

Look = tuple[float, float, bool]  # when a search began and ended (monotonic seconds), and whether it found the word


@dataclass(frozen=True)
class Start:
    """A fresh process. Seconds from its start, and MB that are its own."""

    site: str
    chunks: int
    imports_s: float
    first_s: float  # until the first answer was there
    search_ms: float  # the first search alone
    grown_mb: float  # from before the first search to after the last
    resident_mb: float
    searches: int


@dataclass(frozen=True)
class Freshness:
    """Milliseconds from the moment that a commit was asked for: p50, p95, most."""

    trials: int
    found: tuple[float, float, float]
    gone: tuple[float, float, float]
    searches: int
    stale: int  # that began after the commit had returned, and still answered from before it


def measure_start(site_id: str, chunks: int) -> Start:
    """Start a process that searches `site_id`."""
    began = time.monotonic()
    ran = subprocess.run(_command("start", site_id), check=True, capture_output=True, text=True, timeout=120)  # noqa: S603
    said = json.loads(ran.stdout.splitlines()[-1])
    imported, answered = said.pop("imported") - began, said.pop("answered") - began
    return Start(site=site_id, chunks=chunks, imports_s=imported, first_s=answered, searches=SEARCHES, **said)


def measure_freshness(site_id: str, trials: int) -> Freshness:
    """Commit documents here and remove them again, while another process searches without a pause."""
    from ops.bench.retrieval_ours import add_one, remove_one

    times: dict[bool, list[float]] = {True: [], False: []}
    searches = stale = 0
    with _watcher(site_id) as watch:
        for trial in range(trials):
            word = f"zq{trial:04}xv"
            for there, change in ((True, add_one), (False, remove_one)):
                asked, returned, looks = watch(word, change, there=there)
                times[there].append(min(ended - asked for _, ended, seen in looks if seen == there) * 1000)
                searches += len(looks)
                stale += sum(began > returned and seen != there for began, _, seen in looks)
    return Freshness(trials, _spread(times[True]), _spread(times[False]), searches, stale)


Watch = partial[tuple[float, float, list[Look]]]


@contextmanager
def _watcher(site_id: str) -> Iterator[Watch]:
    command = _command("watch", site_id)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield partial(_watched, site_id, process.stdin, process.stdout)
            process.stdin.close()
            process.wait(10)
        finally:
            process.kill()


def _watched(
    site_id: str, into: IO[str], out: IO[str], word: str, change: Callable[[str, str], None], *, there: bool
) -> tuple[float, float, list[Look]]:
    """When the change was asked for and done, and what the other process saw meanwhile."""
    into.write(f"{'+' if there else '-'}{word}\n")
    into.flush()
    out.readline()  # it has begun
    time.sleep(WAIT_S)
    asked = time.monotonic()
    change(site_id, word)
    returned = time.monotonic()
    return asked, returned, [(began, ended, seen) for began, ended, seen in json.loads(out.readline())]


def _spread(times: list[float]) -> tuple[float, float, float]:
    p50, p95 = np.quantile(times, [0.5, 0.95])
    return float(p50), float(p95), max(times)


def _command(what: str, site_id: str) -> list[str]:
    return [sys.executable, "-m", MODULE, what, site_id]


def _start(site_id: str) -> None:
    """In the fresh process: search, and say what it cost."""
    import os

    from core import log
    from ops.bench.corpus import Question
    from ops.bench.processes import memory_mb
    from ops.bench.retrieval_ours import Ours

    log.configure("ERROR")
    imported = time.monotonic()
    prefix, _, number = site_id.rpartition("-")
    ours, chance = Ours(prefix), np.random.default_rng(1)
    before = memory_mb(os.getpid())
    for search in range(SEARCHES):
        vector = chance.standard_normal(384).astype(np.float32)
        ours.ask(Question(f"{SAID} {search}", vector / np.linalg.norm(vector), 0), int(number))
        if not search:
            answered = time.monotonic()
    after = memory_mb(os.getpid())
    said = {"imported": imported, "answered": answered, "search_ms": (answered - imported) * 1000}
    sys.stdout.write(json.dumps(said | {"grown_mb": after - before, "resident_mb": after}) + "\n")


def _watch(site_id: str, orders: IO[str]) -> None:
    """In the other process: search for each word until it has come, or gone, and a few times more."""
    from core import log
    from ops.bench.retrieval_ours import knows

    log.configure("ERROR")
    knows(site_id, "warm")
    for order in orders:
        there, word = order[0] == "+", order[1:].strip()
        sys.stdout.write("watching\n")
        sys.stdout.flush()
        looks: list[Look] = []
        until, right = time.monotonic() + PATIENCE_S, 0
        while right <= AFTER and time.monotonic() < until:
            began = time.monotonic()
            seen = knows(site_id, word)
            looks.append((began, time.monotonic(), seen))
            right += seen == there
        sys.stdout.write(json.dumps(looks) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "start":
        _start(sys.argv[2])
    else:
        _watch(sys.argv[2], sys.stdin)
