"""PDF readers side by side: which checks of quality each passes, and how many pages it reads in a CPU second.

    python -m ops.bench.pdf [--seconds 10] [--failed] [PDF …]

Further PDFs are read for speed alone. An engine that is not installed is left out.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import pypdfium2

from kb.loaders.loaded import Loaded
from ops.bench.pdf_checks import CHECKS, Check
from ops.bench.pdf_engines import ENGINES, Engine


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print one table; 1 where the engine in use fails a check."""
    parser = argparse.ArgumentParser(prog="python -m ops.bench.pdf", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="PDF")
    parser.add_argument("--seconds", type=float, default=10.0, help="CPU time for each engine")
    parser.add_argument("--failed", action="store_true", help="name the checks that failed")
    asked = parser.parse_args(arguments)
    files = [*sorted({check.file for check in CHECKS}), *asked.files]
    aspects = sorted({check.aspect for check in CHECKS})
    print(f"{'':28}{'pages/CPU-s':>12}{'checks':>9}  " + "  ".join(aspects))
    worst = 0
    for engine in ENGINES:
        try:
            failed = failing(engine)
        except ModuleNotFoundError as error:
            print(f"{engine.name:28}{'not installed: ' + str(error.name):>12}")
            continue
        worst = max(worst, len(failed)) if engine is ENGINES[0] else worst
        print(_row(engine, rate(engine, files, asked.seconds), failed, aspects))
        for check in failed if asked.failed else ():
            print(f"    {check.file.name}: {check.aspect}: {check.about}")
    return 1 if worst else 0


def failing(engine: Engine) -> list[Check]:
    """The checks that `engine` does not pass."""
    read: dict[Path, Loaded] = {file: engine.read(file.read_bytes()) for file in {check.file for check in CHECKS}}
    return [check for check in CHECKS if not check.holds(read[check.file])]


def rate(engine: Engine, files: list[Path], seconds: float) -> float:
    """Pages of `files` that `engine` reads in one second of CPU time."""
    documents = [path.read_bytes() for path in files]
    pages = sum(len(pypdfium2.PdfDocument(data)) for data in documents)
    rounds, start = 0, time.process_time()
    while rounds == 0 or time.process_time() - start < seconds:
        for data in documents:
            engine.read(data)
        rounds += 1
    return rounds * pages / (time.process_time() - start)


def _row(engine: Engine, pages: float, failed: list[Check], aspects: list[str]) -> str:
    asked = Counter(check.aspect for check in CHECKS)
    missed = Counter(check.aspect for check in failed)
    passed = "  ".join(f"{asked[one] - missed[one]}/{asked[one]}".rjust(len(one)) for one in aspects)
    return f"{engine.name:28}{pages:12.0f}{f'{len(CHECKS) - len(failed)}/{len(CHECKS)}':>9}  {passed}"


if __name__ == "__main__":
    sys.exit(main())
