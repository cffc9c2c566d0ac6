"""How often one host is asked: a gap between requests, and a rest where it asked for one."""

import threading
import time
from email.utils import parsedate_to_datetime

from kb.errors import SourceUnavailable

LONGEST_WAIT = 30.0  # seconds that a worker sleeps for its place; past that the document waits in the database


class Pace:
    """When each host may be asked again, in this process. Safe for threads."""

    def __init__(self) -> None:
        """Nobody was asked yet."""
        self._lock = threading.Lock()
        self._free: dict[str, float] = {}  # host → monotonic time

    def wait(self, host: str, gap: float) -> float:
        """Sleep until `host` may be asked, and keep the `gap` seconds after that free. Returns how long it slept.

        Raises SourceUnavailable where that would be too long.
        """
        with self._lock:
            now = time.monotonic()
            at = max(now, self._free.get(host, now))
            if at - now > LONGEST_WAIT:
                raise SourceUnavailable(f"{host} asked to be left alone for a while: it is tried again later.")
            self._free = {name: free for name, free in self._free.items() if free > now}
            self._free[host] = at + gap
        time.sleep(at - now)
        return at - now

    def rest(self, host: str, seconds: float) -> None:
        """Don't ask `host` for so long."""
        with self._lock:
            self._free[host] = max(self._free.get(host, 0.0), time.monotonic() + seconds)


PACE = Pace()
"""The one of this process."""


def retry_after(header: str | None) -> float:
    """Seconds that a Retry-After header asks for: a number or a date; 0.0 where it says nothing we understand."""
    if not header:
        return 0.0
    if header.strip().isdecimal():
        return min(float(header), 86_400.0)
    try:
        return min(max(0.0, parsedate_to_datetime(header).timestamp() - time.time()), 86_400.0)
    except (ValueError, OverflowError):
        return 0.0
