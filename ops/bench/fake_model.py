"""A model server for benchmarks: speaks the OpenAI chat API, streamed; searches first, then writes 60 cited words.

`python -m ops.bench.fake_model PORT MILLISECONDS [MILLISECONDS]`: it waits so long before the first piece of each
answer, and before each further one. A question that carries `ref-` and eight hex digits is searched for as it stands,
and `GET /seen/REF` tells when (monotonic seconds) it was asked about, and when the piece left that completed the
answer's first sentence. `GET /wait/MILLISECONDS` changes the first of the two waits. Both also tell how many wait now.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

SENTENCE = (
    "There is a page on this subject that explains how to send it back, and we tell you there how it is done {mark}. "
)
SENTENCES = 3  # about 60 words
CALL = {"index": 0, "id": "call_1", "type": "function"}
QUERY = "How long do I have to return a jacket?"
USAGE = {"prompt_tokens": 900, "completion_tokens": 80, "total_tokens": 980}
REF = re.compile(rb"ref-[0-9a-f]{8}")
KEPT = 2_000

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class FakeModel:
    """A raw ASGI application, so that it costs next to nothing."""

    def __init__(self, wait_ms: int, piece_ms: int = 0) -> None:
        """Wait `wait_ms` before each answer's first piece, `piece_ms` before each other one."""
        self._wait_s, self._piece_s = wait_ms / 1000, piece_ms / 1000
        self._asked: dict[str, list[float]] = {}
        self._sent: dict[str, float] = {}
        self._waiting = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["method"] == "GET":
            what, _, value = scope["path"][1:].partition("/")
            await self._tell(what, value, send)
            return
        asked_at, body = time.monotonic(), await _body(receive)
        ref = _ref(body)
        self._note(ref, asked_at)
        self._waiting += 1
        await asyncio.sleep(self._wait_s)
        self._waiting -= 1
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for n, piece in enumerate(pieces(json.loads(body), ref)):
            if n and self._piece_s:
                await asyncio.sleep(self._piece_s)
            line = b"data: " + json.dumps(piece).encode() + b"\n\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})
            if _completes(piece):
                self._sent.setdefault(ref, time.monotonic())
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    def _note(self, ref: str, at: float) -> None:
        if len(self._asked) >= KEPT:
            self._asked.clear()
            self._sent.clear()
        self._asked.setdefault(ref, []).append(at)

    async def _tell(self, what: str, value: str, send: Send) -> None:
        if what == "wait":
            self._wait_s = int(value) / 1000
        told = {"asked": self._asked.get(value, []), "sentence": self._sent.get(value), "waiting": self._waiting}
        body = json.dumps(told).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def pieces(asked: dict[str, Any], ref: str = "") -> list[dict[str, Any]]:
    """The streamed chunks of one answer: a search while nothing was found yet, then the words."""
    found = [str(message["content"]) for message in asked["messages"] if message["role"] == "tool"]
    if not found:
        arguments = json.dumps({"query": f"{QUERY} {ref}".strip(), "top_k": 3})
        deltas: list[dict[str, Any]] = [
            {"tool_calls": [CALL | {"function": {"name": "search_kb", "arguments": arguments}}]}
        ]
        return [*map(_chunk, deltas), _chunk({}, "tool_calls"), _usage()]
    ids = re.findall(r"\bc\d+\b", found[-1]) or ["c0"]
    words = "".join(SENTENCE.format(mark=f"[{ids[0]}]") for _ in range(SENTENCES)).split(" ")
    return [*(_chunk({"content": f"{word} "}) for word in words if word), _chunk({}, "stop"), _usage()]


def _ref(body: bytes) -> str:
    """The newest question's mark: a conversation holds older ones, too."""
    found = REF.findall(body)
    return str(found[-1].decode()) if found else ""


def _completes(piece: dict[str, Any]) -> bool:
    choices = piece["choices"]
    return bool(choices) and str(choices[0]["delta"].get("content", "")).endswith("]. ")


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "fake", "choices": [choice]}


def _usage() -> dict[str, Any]:
    return {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "fake", "choices": [], "usage": USAGE}


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


if __name__ == "__main__":
    waits = [int(one) for one in sys.argv[2:]]
    uvicorn.run(FakeModel(*waits), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_keep_alive=600)
