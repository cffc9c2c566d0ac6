"""The floor: one FastAPI handler that does a turn's outside work by hand, with nothing durable around it.

Two model calls through the official SDK, one embedding with the same hybrid search, one INSERT, streamed as it comes.
`python -m ops.bench.floor PORT MODEL_URL`
"""

import sys
from collections.abc import Iterator
from typing import Any

import openai
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import text

from core import db
from kb.search import search
from tools.search_kb import TOOL

INSERT = text("INSERT INTO bench_floor (question, answer) VALUES (:question, :answer)")
SPEC = {"type": "function", "function": {"name": TOOL.name, "description": "Search.", "parameters": TOOL.parameters()}}


class Question(BaseModel):
    """What the visitor asks."""

    question: str


def make_app(model_url: str) -> FastAPI:
    """The handler, and nothing else."""
    app = FastAPI()
    client = openai.OpenAI(api_key="none", base_url=model_url, max_retries=0)

    @app.post("/ask")
    def ask(asked: Question) -> StreamingResponse:
        return StreamingResponse(answer(client, asked.question), media_type="text/event-stream")

    return app


def answer(client: openai.OpenAI, question: str) -> Iterator[bytes]:
    """Ask for a tool call, search, ask for the words, stream them, and keep them in one row."""
    messages: list[Any] = [{"role": "user", "content": question}]
    call = next(bit for bit in _deltas(client, messages) if bit.tool_calls).tool_calls[0]
    query = TOOL.parse(call.function.arguments).query  # type: ignore[attr-defined]
    with db.transaction() as session:
        found = search(session, site_id="demo", channel="web", query=query, top_k=3)
    evidence = "\n".join(f"{snippet.id}: {snippet.text}" for snippet in found.snippets)
    called = {"id": call.id, "type": "function", "function": {"name": TOOL.name, "arguments": call.function.arguments}}
    messages += [{"role": "assistant", "tool_calls": [called]}]
    messages += [{"role": "tool", "tool_call_id": call.id, "content": evidence}]
    words = ""
    for delta in _deltas(client, messages):
        if delta.content:
            words += delta.content
            yield f"event: sentence\ndata: {delta.content}\n\n".encode()
    with db.transaction() as session:
        session.execute(INSERT, {"question": question, "answer": words})
    yield b"event: done\ndata: {}\n\n"


def _deltas(client: openai.OpenAI, messages: list[Any]) -> Iterator[Any]:
    create: Any = client.chat.completions.create  # its overloads want every part typed by name
    stream = create(model="fake", messages=messages, tools=[SPEC], stream=True)
    yield from (chunk.choices[0].delta for chunk in stream if chunk.choices)


if __name__ == "__main__":
    with db.transaction() as opened:
        opened.execute(text("CREATE TABLE IF NOT EXISTS bench_floor (id serial, question text, answer text)"))
    uvicorn.run(make_app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
