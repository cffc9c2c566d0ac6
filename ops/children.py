"""The processes under the supervisor: each logs to a file, is restarted when it dies, and ends with its parent."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.embedded import die_with_parent

LONGEST_BACKOFF = 15.0
HEALTHY_SECONDS = 30.0  # a child that has run so long starts over with the shortest wait
POLL_SECONDS = 0.02


@dataclass
class Child:
    """One process: `arguments` are those of our Python."""

    name: str
    arguments: tuple[str, ...]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    failures: int = 0
    start_at: float = 0.0  # monotonic
    started_at: float = field(default=0.0)

    def start(self) -> None:
        """Start it. Call this from the main thread: the kernel ties a child to the thread that started it."""
        with self.log.open("ab") as lines:
            self.process = subprocess.Popen(  # noqa: S603 - our own Python
                [sys.executable, *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
                # Not SIGTERM: the servers die at the same moment, so there is nothing left to finish.
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - no threads run here
                start_new_session=True,  # a Ctrl-C is the supervisor's to pass on
            )
        self.started_at = time.monotonic()

    def watch(self) -> int | None:
        """Restart it if it has died and its wait is over. Returns the exit code when a death is first seen."""
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return None
            self.process = None
            self.failures = 1 if now - self.started_at > HEALTHY_SECONDS else self.failures + 1
            self.start_at = now + backoff(self.failures)
            return code
        if now >= self.start_at:
            self.start()
        return None


def backoff(failures: int) -> float:
    """Seconds to wait before the next start: doubled with each failure, from half a second."""
    return float(min(LONGEST_BACKOFF, 0.5 * 2 ** (failures - 1)))


def stop(children: Sequence[Child], seconds: float) -> None:
    """Ask all of them to end, then end those that did not within `seconds`."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.send_signal(signal.SIGTERM)
    until = time.monotonic() + seconds
    while any(process.poll() is None for process in running) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait()
