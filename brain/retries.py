"""One more try at opening a stream, where that is safe and worth it: nothing was said yet, and there is time."""

import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import anthropic
import httpx2
import openai

from core.deadline import Deadline

PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0  # a turn lasts six seconds: whoever asks for more is better replaced by the fallback
WORTH_IT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})

Opened = TypeVar("Opened")


def open_twice(
    open_stream: Callable[[], Opened], deadline: Deadline, sleep: Callable[[float], None] = time.sleep
) -> Opened:
    """The result of `open_stream`, tried a second time after a failure that is likely to pass.

    A pooled connection that the server has closed meanwhile fails at once: that is the usual case.
    """
    try:
        return open_stream()
    except Exception as error:
        pause = pause_before_retry(error)
        if pause is None or pause >= deadline.left() / 2:
            raise
    sleep(pause)
    return open_stream()


def pause_before_retry(error: Exception) -> float | None:
    """Seconds to wait before another try, or None where another try is pointless."""
    if isinstance(error, openai.APITimeoutError | anthropic.APITimeoutError | httpx2.TimeoutException):
        return None
    if isinstance(error, openai.APIStatusError | anthropic.APIStatusError):
        return _pause_after(error.status_code, error.response.headers)
    if isinstance(error, openai.APIConnectionError | anthropic.APIConnectionError | httpx2.TransportError):
        return 0.0
    return None


def _pause_after(status: int, headers: Mapping[str, str]) -> float | None:
    if status not in WORTH_IT or headers.get("x-should-retry") == "false":
        return None
    asked = asked_pause(headers)
    if asked is None:
        return PAUSE_S
    return max(asked, PAUSE_S) if asked <= LONGEST_PAUSE_S else None


def asked_pause(headers: Mapping[str, str], now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds that a service asks to be left alone, written in milliseconds, in seconds or as a date, or None."""
    if (in_ms := _number(headers.get("retry-after-ms"))) is not None:
        return in_ms / 1000
    asked = headers.get("retry-after")
    if (in_s := _number(asked)) is not None:
        return in_s
    try:
        until = parsedate_to_datetime(asked or "")
        return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now()).total_seconds())
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
