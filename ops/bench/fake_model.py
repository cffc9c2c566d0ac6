"""A model server for benchmarks: speaks the OpenAI chat API, streamed; searches first, then writes 60 cited words.

`python -m ops.bench.fake_model PORT MILLISECONDS`: it waits so long before the first piece of each answer.
"""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

SENTENCE = "You can send it back as the page on this subject explains, and we tell you there how it is done {mark}. "
SENTENCES = 3  # about 60 words
CALL = {"index": 0, "id": "call_1", "type": "function"}
SEARCH = {"name": "search_kb", "arguments": json.dumps({"query": "How long do I have to return a jacket?", "top_k": 3})}
USAGE = {"prompt_tokens": 900, "completion_tokens": 80, "total_tokens": 980}

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class FakeModel:
    """A raw ASGI application, so that it costs next to nothing."""

    def __init__(self, wait_ms: int) -> None:
        """Wait `wait_ms` before each answer's first piece."""
        self._wait_s = wait_ms / 1000

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        asked = json.loads(await _body(receive))
        await asyncio.sleep(self._wait_s)
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in pieces(asked):
            line = b"data: " + json.dumps(piece).encode() + b"\n\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def pieces(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The streamed chunks of one answer: a search while nothing was found yet, then the words."""
    found = [str(message["content"]) for message in asked["messages"] if message["role"] == "tool"]
    if not found:
        deltas: list[dict[str, Any]] = [{"tool_calls": [CALL | {"function": SEARCH}]}]
        return [*map(_chunk, deltas), _chunk({}, "tool_calls"), _usage()]
    ids = re.findall(r"\bc\d+\b", found[-1]) or ["c0"]
    words = "".join(SENTENCE.format(mark=f"[{ids[0]}]") for _ in range(SENTENCES)).split(" ")
    return [*(_chunk({"content": f"{word} "}) for word in words if word), _chunk({}, "stop"), _usage()]


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
    uvicorn.run(FakeModel(int(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
