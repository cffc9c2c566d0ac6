"""The processes of a benchmark: ports, waiting until one listens, and how much processor time they used."""

import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path

from core.errors import Unavailable

TICKS = os.sysconf("SC_CLK_TCK")


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
    """User and system time of these processes so far, without their children."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS
