"""Senders of signed events: as many as there are connections, as fast as they are answered or at a steady rate."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from uuid import uuid4

SECRET = "a-secret-of-the-benchmark-alone-0123456789"  # noqa: S105 - of a benchmark
ACCEPTED = b"202"


@dataclass(frozen=True)
class Sent:
    """What a run of senders saw. Seconds each, from the moment that an event was to leave."""

    waits: list[float]
    refused: int
    seconds: float


def make_request(site_id: str, subject: int) -> bytes:
    """One event with all its headers, signed now, ready for the wire."""
    event_id = str(uuid4())
    post = {"rest_url": f"https://shop.example/wp-json/wp/v2/pages/{subject}", "link": "https://shop.example/returns/"}
    body = {"id": event_id, "site_id": site_id, "event": "post.updated", "subject": {"type": "page", "id": subject}}
    raw = json.dumps(body | {"occurred_at": "2026-11-22T12:00:00Z", "data": post}).encode()
    stamp = str(int(time.time()))
    code = hmac.new(SECRET.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
    head = (
        f"POST /webhooks/wordpress HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"X-WP-Timestamp: {stamp}\r\nX-WP-Signature: {code}\r\nIdempotency-Key: {event_id}\r\n"
        f"Content-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


def send_all(port: int, requests: list[bytes], *, connections: int = 64, rate: float = 0.0) -> Sent:
    """Send `requests`: one after the other on each connection, or at `rate` a second, however long answers take."""
    return asyncio.run(_send_all(port, requests, connections, rate))


async def _send_all(port: int, requests: list[bytes], connections: int, rate: float) -> Sent:
    waits: list[float] = []
    refused = 0
    began = time.perf_counter()
    queue = iter(enumerate(requests))

    async def sender() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number, request in queue:
            due = began + number / rate if rate else time.perf_counter()
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(request)
            refused += not await _accepted(reader)
            waits.append(time.perf_counter() - due)
        writer.close()

    await asyncio.gather(*(sender() for _ in range(connections)))
    return Sent(waits, refused, time.perf_counter() - began)


async def _accepted(reader: asyncio.StreamReader) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return head.split(b" ", 2)[1] == ACCEPTED
