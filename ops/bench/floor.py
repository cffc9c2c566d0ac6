"""The floor: one FastAPI handler that does a turn's outside work by hand, with nothing durable around it.

Two model calls through the official SDK, one embedding with the same hybrid search, one INSERT, streamed as it comes.
`python -m ops.bench.floor PORT MODEL_URL`
"""

import sys
from collections.abc import AsyncIterator
from typing import Any

import openai
import uvicorn
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import text

from core import db
from kb.search.hybrid import search
from tools.search_kb import TOOL

TABLE = text("CREATE TABLE IF NOT EXISTS bench_floor (id serial, question text, answer text)")
INSERT = text("INSERT INTO bench_floor (question, answer) VALUES (:question, :answer)")
SPEC = {"type": "function", "function": {"name": TOOL.name, "description": "Search.", "parameters": TOOL.parameters()}}


class Question(BaseModel):
    """What the visitor asks."""

    question: str


def make_app(model_url: str) -> FastAPI:
    """The handler, and nothing else."""
    app = FastAPI()
    client = openai.AsyncOpenAI(api_key="none", base_url=model_url, max_retries=0)

    @app.post("/ask")
    async def ask(asked: Question) -> StreamingResponse:
        return StreamingResponse(answer(client, asked.question), media_type="text/event-stream")

    return app


async def answer(client: openai.AsyncOpenAI, question: str) -> AsyncIterator[bytes]:
    """Ask for a tool call, search, ask for the words, stream them, and keep them in one row."""
    messages: list[Any] = [{"role": "user", "content": question}]
    calls = [bit.tool_calls[0] async for bit in _deltas(client, messages) if bit.tool_calls]
    arguments = calls[0].function.arguments
    evidence = await run_in_threadpool(find, arguments)
    called = {"id": "call_1", "type": "function", "function": {"name": TOOL.name, "arguments": arguments}}
    messages += [{"role": "assistant", "tool_calls": [called]}]
    messages += [{"role": "tool", "tool_call_id": "call_1", "content": evidence}]
    words = ""
    async for delta in _deltas(client, messages):
        if delta.content:
            words += delta.content
            yield f"event: sentence\ndata: {delta.content}\n\n".encode()
    await run_in_threadpool(keep, question, words)
    yield b"event: done\ndata: {}\n\n"


def find(arguments: str) -> str:
    """What our own search finds, as the model reads it."""
    query = TOOL.parse(arguments).query  # type: ignore[attr-defined]
    with db.transaction() as session:
        found = search(session, site_id="demo", channel="web", query=query, top_k=3)
    return "\n".join(f"{snippet.id}: {snippet.text}" for snippet in found.snippets)


def keep(question: str, words: str) -> None:
    """One row for the whole turn."""
    with db.transaction() as session:
        session.execute(INSERT, {"question": question, "answer": words})


def make_table() -> None:
    """Where `keep` writes."""
    with db.transaction() as session:
        session.execute(TABLE)


async def _deltas(client: openai.AsyncOpenAI, messages: list[Any]) -> AsyncIterator[Any]:
    create: Any = client.chat.completions.create  # its overloads want every part typed by name
    async for chunk in await create(model="fake", messages=messages, tools=[SPEC], stream=True):
        if chunk.choices:
            yield chunk.choices[0].delta


if __name__ == "__main__":
    make_table()
    uvicorn.run(
        make_app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_keep_alive=600
    )
