"""The processes of a benchmark: ports, cores, waiting until one listens, and what each has used so far."""

import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Unavailable

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 30.0) -> None:
    """Return once something listens. Raises Unavailable."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Unavailable(f"Nothing listens on port {port} after {seconds:.0f} s.")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes so far, without their children; threads that have ended count, too."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def worked_ns(pids: Iterable[int]) -> int:
    """Nanoseconds that these processes were on a core: finer than `cpu_seconds`, for one thread each."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids)


def memory_mb(pid: int) -> float:
    """Memory that is resident and not shared with a file, in MB."""
    resident, shared = Path(f"/proc/{pid}/statm").read_text().split()[1:3]
    return (int(resident) - int(shared)) * PAGE / 1e6


def threads_and_files(pid: int) -> tuple[int, int]:
    """How many threads it has, and how many files and sockets are open."""
    folder = Path(f"/proc/{pid}")
    return sum(1 for _ in (folder / "task").iterdir()), sum(1 for _ in (folder / "fd").iterdir())


def two_sides() -> tuple[set[int], set[int]] | None:
    """One core for the servers under test and the others for all else; None where there is one core only."""
    cores = sorted(os.sched_getaffinity(0))
    return ({cores[-1]}, set(cores[:-1])) if len(cores) > 1 else None


@contextmanager
def on_cores(cores: set[int] | None) -> Iterator[None]:
    """What is started in this block, and this thread meanwhile, runs on `cores` (None: wherever it may)."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
