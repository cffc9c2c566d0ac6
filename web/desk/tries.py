"""How often somebody may try to log in: counted in Redis, and in this process while that is away."""

import hashlib
import time
from dataclasses import dataclass, field

import redis

from core import bus
from core.errors import TooManyRequests

WINDOW_S = 900
PER_ADDRESS = 30  # attempts in a window, whatever the account
PER_ACCOUNT = 60  # from wherever: high, or a stranger could lock somebody out
PER_BOTH = 6  # at one account from one address
KEPT = 10_000  # counts in this process


class TooManyLogins(TooManyRequests):
    """Too many attempts to log in: wait a quarter of an hour, or have an admin set a new password."""


@dataclass
class Here:
    """Counts of this process, for as long as Redis does not answer: never without a limit."""

    counts: dict[str, tuple[int, float]] = field(default_factory=dict)

    def allowed(self, key: str, limit: int, now: float) -> bool:
        """Count one use."""
        if len(self.counts) > KEPT:
            self.counts.clear()
        used, since = self.counts.get(key, (0, now))
        used, since = (used + 1, since) if now - since < WINDOW_S else (1, now)
        self.counts[key] = used, since
        return used <= limit


HERE = Here()


def check(email: str, address: str) -> None:
    """Count one attempt. Raises TooManyLogins."""
    account = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]  # no address stands in Redis
    limits = {
        f"login:from:{address}": PER_ADDRESS,
        f"login:at:{account}:{address}": PER_BOTH,
        f"login:at:{account}": PER_ACCOUNT,
    }
    for key, most in limits.items():
        if not _allowed(key, most):
            raise TooManyLogins(retry_after_s=WINDOW_S)


def forget(email: str, address: str) -> None:
    """It was the right password: what was tried before from there counts no more."""
    account = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]
    key = f"login:at:{account}:{address}"
    HERE.counts.pop(key, None)
    try:
        bus.client().delete(f"limit:{key}")
    except redis.RedisError:
        return


def _allowed(key: str, limit: int) -> bool:
    try:
        return bus.allowed(key, limit=limit, seconds=WINDOW_S)
    except redis.RedisError:
        return HERE.allowed(key, limit, time.monotonic())
