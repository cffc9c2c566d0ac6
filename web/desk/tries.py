"""How often somebody may try to log in: counted in Redis, and in this process while that is away."""

import hashlib
import time

import redis

from core import bus
from core.errors import TooManyRequests
from web.limits import Here
from web.proxies import network_of

WINDOW_S = 900
PER_ADDRESS = 30  # attempts in a window, whatever the account
PER_ACCOUNT = 60  # from wherever: high, or a stranger could lock somebody out
PER_BOTH = 6  # at one account from one address


class TooManyLogins(TooManyRequests):
    """Too many attempts to log in: wait a quarter of an hour, or have an admin set a new password."""


HERE = Here()


def check(email: str, address: str) -> None:
    """Count one attempt. Raises TooManyLogins."""
    account = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]  # no address stands in Redis
    address = network_of(address)
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
    key = f"login:at:{account}:{network_of(address)}"
    HERE.counts.pop(key, None)
    try:
        bus.client().delete(f"limit:{key}")
    except redis.RedisError:
        return


def _allowed(key: str, limit: int) -> bool:
    try:
        return bus.allowed(key, limit=limit, seconds=WINDOW_S)
    except redis.RedisError:
        return HERE.allowed(key, limit, time.monotonic(), WINDOW_S)
