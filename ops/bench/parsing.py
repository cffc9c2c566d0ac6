"""What reading a document in a process of its own costs beside reading it here.

    python -m ops.bench.parsing [--rounds 40] [FILE …]

CPU time counts, of both processes where there are two. Here and apart take turns, so that whatever else the machine
does meets both; the quickest of the rounds count, and the medians stand beside them. Without a FILE: a 21-page PDF of
the demo shop, and a Markdown text of a megabyte.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from core import log
from kb import parsing
from kb.loaders import load
from kb.parsing import load_apart

MANUAL = Path(__file__).parent.parent / "demo" / "documents" / "ember-3-manual.pdf"
PARAGRAPH = "The stove is cleaned after every tour, and its jet bears no harsh solvents. " * 6


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print one row for each document."""
    parser = argparse.ArgumentParser(prog="python -m ops.bench.parsing", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--rounds", type=int, default=40)
    asked = parser.parse_args(arguments)
    documents = [(path.name, path.read_bytes()) for path in asked.files or [MANUAL]]
    if not asked.files:
        text = "".join(f"## Section {number}\n\n{PARAGRAPH}\n\n" for number in range(2200))
        documents.append(("text.md", text.encode()))
    log.configure("ERROR")
    started = time.perf_counter()
    load_apart(*documents[0][::-1])
    print(f"the first document, with the start of the process: {time.perf_counter() - started:.2f} s")
    print(f"{'':28}{'kB':>8}{'here, ms':>12}{'apart, ms':>12}{'more':>8}{'median':>9}")
    for name, data in documents:
        _measure(name, data, asked.rounds)
    parsing.close()
    return 0


def _measure(name: str, data: bytes, rounds: int) -> None:
    here: list[float] = []
    apart: list[float] = []
    for _ in range(rounds):
        here.append(_timed(lambda: load(data, name)))
        apart.append(_timed(lambda: load_apart(data, name)))
    more, middle = min(apart) / min(here) - 1, median(apart) / median(here) - 1
    times = f"{min(here) * 1000:12.1f}{min(apart) * 1000:12.1f}{more:8.1%}{middle:9.1%}"
    print(f"{name:28}{len(data) / 1000:8.0f}{times}")


def _timed(work: Callable[[], object]) -> float:
    """Seconds on the processor, here and in the parsers."""
    before = _spent()
    work()
    return _spent() - before


def _spent() -> float:
    clocks = [(~pid << 3) | 2 for pid in parsing.waiting()]  # as clock_getcpuclockid makes them
    return time.process_time() + sum(map(time.clock_gettime, clocks))


if __name__ == "__main__":
    sys.exit(main())
