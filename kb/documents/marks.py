"""What tells, without reading it, that a source is as it was: a server's ETag, or a file's time and size."""

import os
import time
from pathlib import Path

FRESH_NS = 50_000_000  # a file that was written a moment before may be written again within the same tick of its clock


def file_mark(path: str | Path, *, now_ns: int | None = None) -> str:
    """Time and size of a file; "" where it is not there, or so new that these could stay while its bytes change."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path takes as long to make as its look
    except OSError:
        return ""
    young = (time.time_ns() if now_ns is None else now_ns) - status.st_mtime_ns < FRESH_NS
    return "" if young else f"{status.st_mtime_ns:x}-{status.st_size:x}"


def kept(recipe: str, mark: str) -> str:
    """As `documents.etag` has it: of no use once anything else has changed that decides what is stored."""
    return f"{recipe}:{mark}" if mark else ""


def known(recipe: str, etag: str) -> str:
    """The mark in `documents.etag`; "" where it does not count any more."""
    return etag.removeprefix(f"{recipe}:") if etag.startswith(f"{recipe}:") else ""
