"""The lowest floor: a raw ASGI application that speaks HTTP to the model by hand.

Same outside work as `floor.py` (which see), without FastAPI, without a vendor's SDK and without a pool of its clients.
`python -m ops.bench.floor_raw PORT MODEL_URL`
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from ops.bench.floor import SPEC, find, keep, make_table

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}


class Floor:
    """The application: every POST is a question."""

    def __init__(self, model_url: str) -> None:
        """Ask the model at `model_url`."""
        self._url = urlsplit(model_url)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one question, streamed."""
        if scope["type"] != "http":
            return
        question = json.loads((await receive())["body"])["question"]
        await send(START)
        async for line in self._answer(question):
            await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"event: done\ndata: {}\n\n"})

    async def _answer(self, question: str) -> AsyncIterator[bytes]:
        messages: list[Any] = [{"role": "user", "content": question}]
        calls = [bit["tool_calls"][0] async for bit in self._deltas(messages) if "tool_calls" in bit]
        arguments = calls[0]["function"]["arguments"]
        evidence = await asyncio.to_thread(find, arguments)
        messages += [{"role": "assistant", "tool_calls": calls}]
        messages += [{"role": "tool", "tool_call_id": "call_1", "content": evidence}]
        words = ""
        async for delta in self._deltas(messages):
            if content := delta.get("content"):
                words += content
                yield b"event: sentence\ndata: " + content.encode() + b"\n\n"
        await asyncio.to_thread(keep, question, words)

    async def _deltas(self, messages: list[Any]) -> AsyncIterator[dict[str, Any]]:
        body = json.dumps({"model": "fake", "messages": messages, "tools": [SPEC], "stream": True}).encode()
        reader, writer = await self._connection()
        head = f"POST {self._url.path}/chat/completions HTTP/1.1\r\nhost: {self._url.netloc}\r\n"
        writer.write(f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        await reader.readuntil(b"\r\n\r\n")
        while size := int(await reader.readline(), 16):
            chunk = (await reader.readexactly(size + 2))[6:-4]  # without "data: " and the ends of lines
            if chunk != b"[DONE]" and (choices := json.loads(chunk)["choices"]):
                yield choices[0]["delta"]
        await reader.readline()
        self._idle.append((reader, writer))

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
        return await asyncio.open_connection(self._url.hostname, self._url.port)


if __name__ == "__main__":
    make_table()
    uvicorn.run(
        Floor(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_keep_alive=600
    )
