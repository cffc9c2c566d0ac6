"""What the command prints: JSON on standard output, progress beside it; and how it ends when it is told to."""

import json
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.table import Table

from ops.apart import apart
from ops.evals.retrieval import LEGS, evaluate
from ops.evals.retrieval_set import Half, demo_set, read_set

EVERY_SECONDS = 1.0  # between two lines of progress


def run_retrieval(folder: Path | None, *, as_json: bool, limit: int, seed: int, half: Half | None) -> None:
    """Evaluate the set in `folder` (None: the demo shop's) on servers of its own, and print the figures.

    Raises SetUnreadable.
    """
    given = read_set(folder) if folder else demo_set()
    signal.signal(signal.SIGTERM, _end)  # ends as Ctrl-C does: cleaned up
    with apart("eval-retrieval"):
        figures = evaluate(given, limit=limit, seed=seed, half=half, progress=Progress())
    print(json.dumps(figures, indent=2, ensure_ascii=False)) if as_json else _show(figures)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)


class Progress:
    """One line on standard error, now and then."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, what: str, done: int, of: int) -> None:
        """Write it, unless one was just written and there is more to come."""
        now = time.monotonic()
        if done < of and now - self._last < EVERY_SECONDS:
            return
        self._last = now
        end = "\n" if done == of else ""
        print(f"\r{what}: {done} of {of}", end=end, file=sys.stderr, flush=True)


def _show(figures: dict[str, Any]) -> None:
    table = Table("leg", "nDCG@10", "95 %", "recall@10", title=f"Retrieval: {figures['set']}")
    for leg in LEGS:
        found = figures["per_leg"][leg]
        low, high = found["interval"]
        table.add_row(leg, f"{found['ndcg10']:.3f}", f"{low:.3f}–{high:.3f}", f"{found['recall10']:.3f}")
    Console(width=100).print(table)
    print(f"{figures['questions']} questions (half: {figures['half']}), {figures['documents']} documents.")
    for what, count in figures["passed_over"].items():
        print(f"Passed over: {count} {what}.")
