"""Passwords: argon2id, and nothing about whether an account exists can be read off the time that a check takes."""

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import BadRequest

SHORTEST, LONGEST = 12, 200

# argon2id with OWASP's parameters. The library's own take 64 MB and four threads for each check: forty strangers at
# once would take 2.5 GB.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class PasswordTooWeak(BadRequest):
    """The password is too weak: take at least 12 characters, for example four words that don't belong together."""


def checked(password: str) -> str:
    """`password` if it may be used. Raises PasswordTooWeak."""
    if len(password) < SHORTEST or len(set(password)) < 5:  # noqa: PLR2004 - five different characters
        raise PasswordTooWeak
    if len(password) > LONGEST:
        raise PasswordTooWeak(f"The password is too long: {LONGEST} characters are possible.")
    return password


def hashed(password: str) -> str:
    """What is stored of `password`. Raises PasswordTooWeak."""
    return HASHER.hash(checked(password))


def fits(password: str, stored: str) -> bool:
    """Whether `password` is the one behind `stored`; "" stands for no account, takes as long, and fits nothing."""
    try:
        return HASHER.verify(stored or _nobodys(), password[: LONGEST + 1]) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def renewed(password: str, stored: str) -> str:
    """`stored`, or a new hash where that was made with weaker parameters than today's."""
    return HASHER.hash(password) if HASHER.check_needs_rehash(stored) else stored


def made() -> str:
    """A new random password."""
    return secrets.token_urlsafe(15)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return HASHER.hash(secrets.token_urlsafe(32))
