"""What an attempt's end means: sent, tried again later, or dead. Pure, so that each rule is a line of a test."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from core.errors import HandrailError, Unavailable
from core.settings import Settings
from web.outgoing.posting import Answer, NoAnswer

Chance = Callable[[float, float], float]  # random.uniform, or one that a test knows

GROWTH = 4.0
# Tried again besides 5xx. A moved address is an error to mend, a detour may be a shop that is closed for an update.
AGAIN = {302, 303, 307, 408, 409, 425, 429}
WELL_SINCE = 500  # below it the other side works, whatever it thinks of what it was sent …
BUSY = {408, 429}  # … unless it says that it does not


@dataclass(frozen=True)
class Sent:
    """It has arrived."""

    alive = True


@dataclass(frozen=True)
class Later:
    """It is tried again after `seconds`; after `quiet_s` at the earliest, nothing else goes there before either."""

    reason: str
    seconds: float
    quiet_s: float = 0.0
    alive: bool = False
    counted: bool = True  # against the attempts that it has


@dataclass(frozen=True)
class Dead:
    """It is not tried again unless somebody says so."""

    reason: str
    alive: bool | None = None  # None: nobody was asked


Verdict = Sent | Later | Dead


def judge(outcome: Answer | HandrailError, attempt: int, now: datetime, settings: Settings, chance: Chance) -> Verdict:
    """The verdict on an attempt, the first of which is 1."""
    if isinstance(outcome, Answer):
        return _judge_answer(outcome, attempt, now, settings, chance)
    again = isinstance(outcome, NoAnswer | Unavailable)
    return _again(outcome.detail, attempt, settings, chance) if again else Dead(outcome.detail)


def _judge_answer(answer: Answer, attempt: int, now: datetime, settings: Settings, chance: Chance) -> Verdict:
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return Sent()
    reason = _plainly(answer)
    alive = answer.status < WELL_SINCE and answer.status not in BUSY
    if answer.status < WELL_SINCE and answer.status not in AGAIN:
        return Dead(reason, alive=True)
    quiet = min(waited(answer.retry_after, now), settings.outgoing_longest_wait)
    return _again(reason, attempt, settings, chance, quiet, alive=alive)


def _again(
    reason: str, attempt: int, settings: Settings, chance: Chance, quiet: float = 0.0, *, alive: bool = False
) -> Verdict:
    if attempt >= settings.outgoing_attempts:
        return Dead(f"{reason} That was attempt {attempt}, the last one.", alive)
    longest = min(settings.outgoing_first_wait * GROWTH ** (attempt - 1), settings.outgoing_longest_wait)
    # Full jitter: what failed together does not come back together.
    return Later(reason, max(quiet, chance(0.0, longest)), quiet, alive)


def waited(header: str, now: datetime) -> float:
    """The seconds that a Retry-After header asks for, as a number or as a date; 0 where it says nothing sensible."""
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        when = parsedate_to_datetime(header)
    except (ValueError, TypeError, OverflowError, IndexError):  # whatever somebody writes there
        return 0.0
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds())


def _plainly(answer: Answer) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        where = "".join(filter(str.isprintable, answer.location))[:200] or "elsewhere"
        return (
            f"It redirects to {where} (HTTP {answer.status}), which is not followed: set the address that it leads to."
        )
    return f"It answered with HTTP {answer.status}."
