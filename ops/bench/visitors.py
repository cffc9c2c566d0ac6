"""Visitors for benchmarks: each holds a conversation, and notes when the first sentence and the end arrive."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

import httpx2

QUESTION = "How long do I have to return a jacket that does not fit?"
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Waited:
    """One question's moments (monotonic seconds), and the mark by which the fake model knows it."""

    ref: str
    began_at: float
    accepted_at: float  # we have its 202; a floor's answer has begun
    first_at: float  # the first sentence is there
    done_at: float

    @property
    def first_sentence(self) -> float:
        """Seconds until the first sentence was there."""
        return self.first_at - self.began_at

    @property
    def done(self) -> float:
        """Seconds until the turn was over."""
        return self.done_at - self.began_at


class Visitor(Protocol):
    """Somebody who asks, again and again."""

    async def ask(self) -> Waited:
        """Ask, and read the answer to its end."""


Door = AbstractAsyncContextManager[Visitor]


class _Asking:
    """What both visitors share: one question's times."""

    def __init__(self) -> None:
        self.ref = f"ref-{uuid4().hex[:8]}"
        self.question = f"{QUESTION} {self.ref}"
        self.began, self.accepted, self.first = time.monotonic(), 0.0, 0.0

    def accept(self) -> None:
        """Note that the question has arrived."""
        self.accepted = time.monotonic()

    def hear(self, kind: str) -> Waited | None:
        """Note one event; the whole once it is over."""
        now = time.monotonic()
        if kind == "sentence" and not self.first:
            self.first = now
        if kind != "done":
            return None
        return Waited(self.ref, self.began, self.accepted, self.first, now)


class OurVisitor:
    """A visitor of ours: a session, and a stream that stays open."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        thread_id: str,
        headers: dict[str, str],
        events: AsyncIterator[tuple[str, str]],
    ) -> None:
        """`headers` prove who asks, `events` come from the open stream."""
        self.client, self.thread_id, self.headers, self.events = client, thread_id, headers, events

    async def ask(self) -> Waited:
        """Ask, and read the answer to its end."""
        asking = _Asking()
        sent = {"thread_id": self.thread_id, "user_msg": asking.question, "client_msg_id": asking.ref}
        (await self.client.post("/api/agent/messages", json=sent, headers=self.headers)).raise_for_status()
        asking.accept()
        async for kind, data in self.events:
            if waited := asking.hear(kind):
                if (got := json.loads(data)["outcome"]) != "answered":
                    raise AssertionError(f"A benchmark turn ended in {got}, not in answered.")
                return waited
        raise AssertionError("The stream ended before the turn did.")


@asynccontextmanager
async def our_visitor(client: httpx2.AsyncClient) -> AsyncIterator[Visitor]:
    """Open a conversation and its stream."""
    session = (await client.post("/api/agent/session", json={"site_id": "demo"})).raise_for_status().json()
    thread_id, headers = session["thread_id"], {"Authorization": f"Bearer {session['visitor_token']}"}
    async with client.stream("GET", f"/api/agent/thread/{thread_id}/events", headers=headers) as stream:
        stream.raise_for_status()
        yield OurVisitor(client, thread_id, headers, _events(stream))


class FloorVisitor:
    """A visitor of a floor: one request a question."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        """Nothing is opened."""
        self.client = client

    async def ask(self) -> Waited:
        """Ask, and read the answer to its end."""
        asking = _Asking()
        async with self.client.stream("POST", "/ask", json={"question": asking.question}) as stream:
            stream.raise_for_status()
            asking.accept()
            async for kind, _ in _events(stream):
                if waited := asking.hear(kind):
                    return waited
        raise AssertionError("The stream ended before the answer did.")


@asynccontextmanager
async def floor_visitor(client: httpx2.AsyncClient) -> AsyncIterator[Visitor]:
    """The floor knows no conversations."""
    yield FloorVisitor(client)


async def _events(stream: httpx2.Response) -> AsyncIterator[tuple[str, str]]:
    kind = ""
    async for line in stream.aiter_lines():
        if line.startswith("event:"):
            kind = line[6:].strip()
        elif line.startswith("data:"):
            yield kind, line[5:].strip()
