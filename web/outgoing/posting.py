"""One call to an address that may be called, which ends in time whatever the other side does."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2

from core.addresses import PROGRAM, pinned, public_addresses, tls, web_address
from core.errors import HandrailError
from core.tracing import HOOKS
from web.outgoing.alarm import Alarm

AGENT = f"{PROGRAM} (+notices)"
CONNECT_SECONDS = 3.0
MOST_BYTES = 16 * 1024  # of an answer's body, which nobody reads: a sender that hangs up early can stop a script


class NoAnswer(HandrailError):
    """The other side did not answer."""


@dataclass(frozen=True)
class Call:
    """What is sent. `read_bytes`: how much of a JSON answer is read; 0: nothing is."""

    method: str
    url: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    read_bytes: int = 0


@dataclass(frozen=True)
class Answer:
    """What came back. `said` is what a carrier has read of the body."""

    status: int
    retry_after: str = ""
    location: str = ""
    said: dict[str, Any] = field(default_factory=dict)


def post(url: str, body: bytes, headers: dict[str, str], *, seconds: float, private_hosts: tuple[str, ...]) -> Answer:
    """Send `body`, and be back within `seconds`. Raises AddressRefused, HostUnknown, NoAnswer."""
    return call(Call("POST", url, body, headers), seconds=seconds, private_hosts=private_hosts)


def call(made: Call, *, seconds: float, private_hosts: tuple[str, ...]) -> Answer:
    """Make one call, and be back within `seconds`. Raises AddressRefused, HostUnknown, NoAnswer."""
    failed: httpx2.HTTPError | None = None
    with Alarm(seconds) as alarm:
        target = web_address(made.url)
        for address in public_addresses(target, private_hosts):
            if not alarm.left():  # no time limit reaches the look-up of a name
                break
            try:
                return _send(target, address, made, alarm)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failed = error  # nobody has heard anything, so trying the next address is no second delivery
            except httpx2.HTTPError as error:
                failed = error
                break
    if alarm.rang or failed is None or isinstance(failed, httpx2.TimeoutException):
        raise NoAnswer(f"{target.host} did not answer within {seconds:g} s.") from failed
    # What the system and the TLS library say helps; what a protocol error quotes is the other side's.
    said = str(failed) if isinstance(failed, httpx2.ConnectError) else type(failed).__name__
    raise NoAnswer(f"{target.host} did not answer ({said}).") from failed


def _send(url: httpx2.URL, address: str, made: Call, alarm: "Alarm") -> Answer:
    left = max(alarm.left(), 0.001)
    limit = httpx2.Timeout(left, connect=min(CONNECT_SECONDS, left))
    # No proxy and no .netrc from the environment: the address that was checked is the one that is called.
    with httpx2.Client(
        verify=tls(), trust_env=False, follow_redirects=False, timeout=limit, event_hooks=HOOKS
    ) as client:
        heads = {"User-Agent": AGENT, "Content-Type": "application/json"} | made.headers
        watched = {"trace": alarm.watch}
        request = pinned(client, made.method, url, address, headers=heads, content=made.body, extensions=watched)
        response = client.send(request, stream=True)
        try:
            raw = _read(response, made.read_bytes)
        finally:
            response.close()
    found = response.headers
    said = _parsed(raw) if made.read_bytes else {}
    return Answer(response.status_code, found.get("retry-after", ""), found.get("location", ""), said)


def _read(response: httpx2.Response, wanted: int) -> bytes:
    """What the other side says, within bounds; one who is cut off in mid-answer has said its status already."""
    heard = b""
    with suppress(httpx2.HTTPError):
        for part in response.iter_bytes() if wanted else response.iter_raw():
            heard += part
            if len(heard) > max(wanted, MOST_BYTES):
                break
    return heard


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
