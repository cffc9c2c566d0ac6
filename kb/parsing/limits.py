"""How much a process that reads strangers' files may take: memory, files, descriptors, and time on the processor."""

import contextlib
import os
import resource
import time
from pathlib import Path

MEGABYTE = 1024 * 1024
DESCRIPTORS = 64
BESIDE = 512 * MEGABYTE  # of address space for libraries and mapped files, beside the memory that is counted


def take_limits(memory_mb: int) -> None:
    """Bind this process: no more memory than that, no file written, no core dumped."""
    wanted = memory_mb * MEGABYTE
    _limit(resource.RLIMIT_DATA, wanted)  # what it allocates …
    _limit(resource.RLIMIT_AS, _mapped() + wanted + BESIDE)  # … and what it maps in other ways
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, DESCRIPTORS)


def _limit(kind: int, wanted: int) -> None:
    """Lower one limit for good; a stricter one stays."""
    hard = resource.getrlimit(kind)[1]
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(ValueError, OSError):  # a kernel that doesn't know it
        resource.setrlimit(kind, (most, most))


def _mapped() -> int:
    """Bytes of address space in use."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 1024 * MEGABYTE


def give_seconds(pid: int, seconds: float) -> None:
    """From now on process `pid` may use so much of the processor; then the kernel ends it with SIGXCPU."""
    if hasattr(resource, "prlimit"):
        used = time.clock_gettime((~pid << 3) | 2)  # the clock of a process, as clock_getcpuclockid makes it
        hard = resource.prlimit(pid, resource.RLIMIT_CPU)[1]
        resource.prlimit(pid, resource.RLIMIT_CPU, (int(used + seconds) + 1, hard))
