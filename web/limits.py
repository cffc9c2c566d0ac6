"""How often somebody may use what costs something: counted by visitor, by device and by place.

A visitor is whom a token names; a device is the id that a browser keeps, and may throw away; a place is an address, or
a network of IPv6. Each closes what the one before leaves open, and allows more: an office has one address for many.
What is counted stands in Redis as a keyed hash, for a minute or an hour: no address and no id does.
"""

import hmac
import re
import time
from dataclasses import dataclass, field
from uuid import UUID

import redis
from fastapi import Request

from core import bus
from core.errors import TooManyRequests, Unavailable
from core.log import get_logger
from core.phases import phase
from core.settings import Settings
from web.deps import address
from web.proxies import network_of

log = get_logger(__name__)

MINUTE, HOUR = 60, 3600
DEVICE_HEADER = "X-Device-ID"
SANE_DEVICE = re.compile(r"[A-Za-z0-9_-]{16,64}")
KEPT = 10_000  # counts in this process
OFTEN = "That was done often in the last hour: try again later."


@dataclass(frozen=True)
class Door:
    """How often it opens, as multiples of what the settings allow one visitor; 0: not counted."""

    name: str
    visitor: int = 1
    device: int = 2  # conversations in several tabs, or one after another
    place: int = 10


# To add a door that costs something: its name here, and `count` in its endpoint.
TALK = Door("talk")  # messages, calls for a person, letters to the team: × messages_per_minute
READ = Door("read", visitor=6, device=12, place=60)  # × messages_per_minute
OPEN = Door("open", visitor=0, device=1, place=1)  # × sessions_per_minute
ASK = Door("ask", visitor=0, device=0, place=12)  # a site's own questions, before its key is checked: × messages_…
LETTER = Door(
    "letter", visitor=1, device=1, place=10
)  # mail to an address that anybody can name: × transcripts_per_hour


@dataclass
class Here:
    """Counts of this process, for as long as Redis does not answer: never without a limit."""

    counts: dict[str, tuple[int, float]] = field(default_factory=dict)

    def allowed(self, key: str, limit: int, now: float, window: float = MINUTE) -> bool:
        """Count one use."""
        if len(self.counts) > KEPT:
            self.counts.clear()
        used, since = self.counts.get(key, (0, now))
        used, since = (used + 1, since) if now - since < window else (1, now)
        self.counts[key] = used, since
        return used <= limit


HERE = Here()


def count(request: Request, settings: Settings, door: Door, visitor: UUID | None = None) -> None:
    """Count one use in this minute. Raises TooManyRequests, which says when to come back."""
    base = settings.sessions_per_minute if door is OPEN else settings.messages_per_minute
    limits = _limits(request, settings, door, visitor, base)
    try:
        with phase("limit"):
            wait = bus.wait_for(limits, seconds=MINUTE)
    except redis.RedisError as error:
        log.warning("limit_counted_here", cause=repr(error))
        now = time.monotonic()
        free = [HERE.allowed(key, most, now) for key, most in limits.items()]  # each is counted
        wait = 0 if all(free) else MINUTE
    if wait:
        raise TooManyRequests(retry_after_s=wait)


def count_hour(request: Request, settings: Settings, door: Door, visitor: UUID, *, also: str) -> None:
    """Count one use in this hour of what costs others, too; `also` is whom it goes to.

    Raises TooManyRequests; Unavailable where nobody can count.
    """
    base = settings.transcripts_per_hour
    limits = _limits(request, settings, door, visitor, base) | {_key(settings, door, "to", also): base}
    try:
        wait = bus.wait_for(limits, seconds=HOUR)
    except redis.RedisError as error:
        raise Unavailable("This can't be done just now: try again in a minute.") from error
    if wait:
        raise TooManyRequests(OFTEN, retry_after_s=wait)


def place_of(request: Request) -> str:
    """Where the caller is: its address, or its network."""
    return network_of(address(request))


def _limits(request: Request, settings: Settings, door: Door, visitor: UUID | None, base: int) -> dict[str, int]:
    device = request.headers.get(DEVICE_HEADER, "")
    who = {
        "visitor": (str(visitor) if visitor else "", door.visitor),
        "device": (device if SANE_DEVICE.fullmatch(device) else "", door.device),
        "place": (place_of(request), door.place),
    }
    return {_key(settings, door, kind, id_): base * most for kind, (id_, most) in who.items() if id_ and most}


def _key(settings: Settings, door: Door, kind: str, id_: str) -> str:
    told = f"limit {door.name} {kind} {id_}".encode("utf-8", "replace")
    return f"{door.name}:{kind}:{hmac.digest(settings.signing_key(), told, 'sha256').hex()[:24]}"
