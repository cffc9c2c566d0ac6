"""What comes over the wire from any hosted model: a bounded event stream, and one meaning for each failure."""

import json
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any

import anthropic
import httpx2
import openai

from brain.client import BrainGarbled, BrainTimeout, BrainUnavailable, PromptTooLong
from brain.overflow import TOO_LONG, is_too_long
from brain.patience import Patience
from brain.retries import asked_pause

AFTER_THE_END_S = 0.02  # how long the last bytes of a stream may take, so that its connection can be used again
STREAMS = ("text/event-stream", "text/plain", "application/octet-stream", "application/x-ndjson", "")

TIMEOUTS = (openai.APITimeoutError, anthropic.APITimeoutError, httpx2.TimeoutException, TimeoutError)
NEVER_SENT = (httpx2.ConnectTimeout, httpx2.PoolTimeout)
REFUSALS = (openai.APIStatusError, anthropic.APIStatusError)
UNREADABLE = (openai.APIResponseValidationError, anthropic.APIResponseValidationError, httpx2.DecodingError)


@contextmanager
def plainly(patience: Patience) -> Iterator[None]:
    """Turn whatever the SDKs and httpx2 raise into one of the brain's own errors."""
    try:
        yield
    except (BrainUnavailable, GeneratorExit):
        raise
    except Exception as error:
        raise meaning(error, patience) from error


def meaning(error: Exception, patience: Patience) -> BrainUnavailable:
    """The brain's error for one of a client's."""
    if patience.over or isinstance(error, TIMEOUTS):
        plain = patience.timeout() if patience.over else BrainTimeout()
        plain.went_out = not isinstance(error, NEVER_SENT) and not isinstance(error.__cause__, NEVER_SENT)
        return plain
    if isinstance(error, REFUSALS):
        return _refusal(error)
    if isinstance(error, UNREADABLE):
        return BrainGarbled()
    return BrainUnavailable(f"The model can't be reached ({type(error).__name__}).")


def _refusal(error: openai.APIStatusError | anthropic.APIStatusError) -> BrainUnavailable:
    if is_too_long(error.status_code, f"{getattr(error, 'code', '')} {error}"):
        return PromptTooLong()
    plain = BrainUnavailable(f"The model's service answered {error.status_code}.")
    plain.retry_after_s = asked_pause(error.response.headers)
    return plain


def json_pieces(response: httpx2.Response, patience: Patience) -> Generator[dict[str, Any]]:
    """Each `data:` line of an event stream as JSON, until the stream ends or says [DONE].

    A server that answers with one JSON document instead gives that one. Raises BrainTimeout when patience is over,
    BrainGarbled for what is not JSON, BrainUnavailable for the rest. The response is closed in any case.
    """
    with plainly(patience), closing(response):
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind.endswith("json"):
            yield _decoded(b"".join(_chunks(response, patience)))
        elif kind in STREAMS:
            yield from _events(_lines(_chunks(response, patience)), patience)
        else:
            raise BrainGarbled(f"The model's service answered with {kind[:60]}.")


def _events(lines: Iterator[bytes], patience: Patience) -> Iterator[dict[str, Any]]:
    for line in lines:
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            break
        if patience.over:  # a lump of pieces may take long to go through
            raise patience.timeout()
        if data:
            event = _decoded(data)
            yield event
            if event.get("type") == "message_stop":
                break
    _finish(lines, patience)


def _finish(lines: Iterator[bytes], patience: Patience) -> None:
    """Read to the end, if it comes at once: otherwise the connection is lost, and nothing else is."""
    patience.at_most(AFTER_THE_END_S)
    try:
        for _ in lines:
            pass
    except (BrainUnavailable, httpx2.HTTPError):
        return


def _chunks(response: httpx2.Response, patience: Patience) -> Iterator[bytes]:
    for chunk in response.iter_bytes():
        if patience.endless(len(chunk)):
            raise BrainGarbled("The model's answer does not end.")
        if patience.over:
            raise patience.timeout()
        yield chunk


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []  # of a line that is not complete
    for chunk in chunks:
        first, *more = chunk.split(b"\n")
        held.append(first)
        if more:
            yield b"".join(held)
            yield from more[:-1]
            held = [more[-1]]
    if rest := b"".join(held):
        yield rest


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        piece = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise BrainGarbled("The model's stream is not JSON.") from error
    if not isinstance(piece, dict):
        raise BrainGarbled("The model's stream holds something other than objects.")
    if fault := piece.get("error"):
        raise PromptTooLong if TOO_LONG.search(str(fault)) else BrainUnavailable("The model broke off with an error.")
    return piece
