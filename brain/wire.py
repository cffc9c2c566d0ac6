"""What both hosted clients share: one pooled HTTP client, a bounded event stream, one meaning per failure."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import anthropic
import httpx2
import openai

from brain.client import BrainGarbled, BrainTimeout, BrainUnavailable
from core.deadline import Deadline

MOST_BYTES = 2_000_000  # of one answer; a model that sends more has lost its way

TIMEOUTS = (openai.APITimeoutError, anthropic.APITimeoutError, httpx2.TimeoutException, TimeoutError)
REFUSALS = (openai.APIStatusError, anthropic.APIStatusError)
UNREADABLE = (openai.APIResponseValidationError, anthropic.APIResponseValidationError, httpx2.DecodingError)


@lru_cache(maxsize=1)
def shared_client() -> httpx2.Client:
    """The one pool of connections to models in this process."""
    return httpx2.Client(limits=httpx2.Limits(max_connections=128, max_keepalive_connections=32, keepalive_expiry=30))


def timeouts(deadline: Deadline, *, connect_s: float, silence_s: float) -> httpx2.Timeout:
    """Limits for connecting and for the wait between two pieces, neither longer than what is left."""
    left = max(deadline.left(), 0.001)
    return httpx2.Timeout(min(silence_s, left), connect=min(connect_s, left), pool=min(connect_s, left))


@contextmanager
def plainly(deadline: Deadline) -> Iterator[None]:
    """Turn whatever the SDKs and httpx2 raise into one of the brain's own errors."""
    try:
        yield
    except (BrainUnavailable, GeneratorExit):
        raise
    except Exception as error:
        raise meaning(error, late=deadline.passed) from error


def meaning(error: Exception, *, late: bool) -> BrainUnavailable:
    """The brain's error for one of a client's. `late`: the deadline has passed, so a broken connection is our doing."""
    if late or isinstance(error, TIMEOUTS):
        return BrainTimeout()
    if isinstance(error, REFUSALS):
        return BrainUnavailable(f"The model's service answered {error.status_code}.")
    if isinstance(error, UNREADABLE):
        return BrainGarbled()
    return BrainUnavailable(f"The model can't be reached ({type(error).__name__}).")


def json_pieces(response: httpx2.Response, deadline: Deadline) -> Generator[dict[str, Any]]:
    """Each `data:` line of an event stream as JSON, until the stream ends or says [DONE].

    Raises BrainTimeout after the deadline, BrainGarbled for what is not JSON, BrainUnavailable for the rest.
    """
    with plainly(deadline), deadline.enforced(response):
        for line in _lines(response):
            if deadline.passed:
                raise BrainTimeout
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            yield _decoded(data)


def _lines(response: httpx2.Response) -> Iterator[bytes]:
    held, total = b"", 0
    for piece in response.iter_bytes():
        total += len(piece)
        if total > MOST_BYTES:
            raise BrainGarbled("The model's answer does not end.")
        *whole, held = (held + piece).split(b"\n")
        yield from whole
    if held:
        yield held


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        piece = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BrainGarbled("The model's stream is not JSON.") from error
    if not isinstance(piece, dict):
        raise BrainGarbled("The model's stream holds something other than objects.")
    if piece.get("error"):
        raise BrainUnavailable("The model's service broke off with an error.")
    return piece
