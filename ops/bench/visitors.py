"""Visitors for benchmarks: each asks one question, and notes when the first sentence and the end arrive."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import httpx2

QUESTION = "How long do I have to return a jacket that does not fit?"
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Waited:
    """Seconds from sending the question to its first sentence and to the end of its turn."""

    first_sentence: float
    done: float


async def ask_handrail(client: httpx2.AsyncClient, started: asyncio.Event) -> Waited:
    """A visitor of ours: session, open stream, message."""
    session = (await client.post("/api/agent/session", json={"site_id": "demo"})).raise_for_status().json()
    headers = {"Authorization": f"Bearer {session['visitor_token']}"}
    thread = session["thread_id"]
    async with client.stream("GET", f"/api/agent/thread/{thread}/events", headers=headers) as stream:
        stream.raise_for_status()
        events = _events(stream)
        await started.wait()
        began = time.perf_counter()
        sent = {"thread_id": thread, "user_msg": QUESTION, "client_msg_id": str(uuid4())}
        (await client.post("/api/agent/messages", json=sent, headers=headers)).raise_for_status()
        return await _measure(events, began, "answered")


async def ask_floor(client: httpx2.AsyncClient, started: asyncio.Event) -> Waited:
    """A visitor of the floor: one request, streamed."""
    await started.wait()
    began = time.perf_counter()
    async with client.stream("POST", "/ask", json={"question": QUESTION}) as stream:
        stream.raise_for_status()
        return await _measure(_events(stream), began, None)


async def _measure(events: AsyncIterator[tuple[str, str]], began: float, outcome: str | None) -> Waited:
    first = 0.0
    async for kind, data in events:
        if kind == "sentence" and not first:
            first = time.perf_counter() - began
        if kind == "done":
            if outcome and (got := json.loads(data)["outcome"]) != outcome:
                raise AssertionError(f"A benchmark turn ended in {got}, not in {outcome}.")
            return Waited(first, time.perf_counter() - began)
    raise AssertionError("The stream ended before the turn did.")


async def _events(stream: httpx2.Response) -> AsyncIterator[tuple[str, str]]:
    kind = ""
    async for line in stream.aiter_lines():
        if line.startswith("event:"):
            kind = line[6:].strip()
        elif line.startswith("data:"):
            yield kind, line[5:].strip()
