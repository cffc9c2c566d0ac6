"""`python -m ops.faults [--short]`: try every fault, print how each turn ended, and write docs/model-faults.md."""

import os
import sys

from core.settings import get_settings
from ops.apart import apart
from ops.faults.run import run_all, run_short
from ops.faults.table import PAGE, page
from ops.faults.trial import Verdict

# The faults include absurd usage; what is tried here is not the budget.
UNLIMITED = {f"HANDRAIL_BUDGET_{what}_USD": "0" for what in ("THREAD", "SITE_DAY", "DAY")}


def main() -> int:
    """Exit code 1 where a turn went as it must not. A short run leaves the page alone."""
    short = "--short" in sys.argv
    os.environ.update(UNLIMITED, HANDRAIL_LOG_LEVEL="ERROR")
    get_settings.cache_clear()
    with apart("faults"):
        verdicts = (run_short if short else run_all)(_show)
    wrong = sum(bool(verdict.wrong) for verdict in verdicts)
    slowest = max(verdict.seconds for verdict in verdicts)
    print(f"{len(verdicts)} turns, {wrong} went wrong; the slowest took {slowest:.1f} s.")
    if not short:
        PAGE.write_text(page(verdicts, get_settings().turn_seconds), encoding="utf-8")
    return 1 if wrong else 0


def _show(one: Verdict) -> None:
    behind = "with fallback" if one.fallback else "alone"
    print(
        f"{'✗' if one.wrong else '✓'} {one.server:7} {one.fault:45.45} {one.hits:8} {one.client:6} {behind:13} "
        f"{one.outcome:10} {one.seconds:4.1f} s  {' '.join(one.wrong) or '; '.join(one.seen)[:90]}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
