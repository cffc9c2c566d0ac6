"""A model server for chaos: what the visitor's words ask for decides what it answers, so the end can be checked.

"search 7" is searched for and answered with a citation; "ticket 7" opens a ticket with the subject "Case 7"; "two 7"
wants both at once; "person 7" fetches a person. It also embeds. `python -m ops.chaos.model PORT`.
"""

import asyncio
import json
import re
import sys
import zlib
from typing import Any

import uvicorn

from ops.bench.fake_model import Receive, Send

WISH = re.compile(r"\b(search|ticket|two|person) ([\d_]+)\b")
FOUND = re.compile(r"\bc\d+\b")
SHORTEST_MS, SPREAD_MS = 50, 100
DIMENSIONS = 32
ADDRESS = "visitor@example.com"
USAGE = {"prompt_tokens": 900, "completion_tokens": 80, "total_tokens": 980}
Json = dict[str, Any]


class Model:
    """A raw ASGI application: the chat API, streamed, and the embeddings API."""

    async def __call__(self, scope: Json, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        asked = json.loads(await _body(receive))
        if scope["path"].endswith("/embeddings"):
            await _send(send, b"application/json", [json.dumps(embeddings(asked)).encode()])
            return
        await asyncio.sleep((SHORTEST_MS + zlib.crc32(str(asked["messages"]).encode()) % SPREAD_MS) / 1000)
        lines = [b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces(asked)]
        await _send(send, b"text/event-stream", [*lines, b"data: [DONE]\n\n"])


def pieces(asked: Json) -> list[Json]:
    """The streamed chunks of one answer: calls while nothing came of any, then words."""
    offered = {each["function"]["name"] for each in asked.get("tools", ())}
    came = [str(message["content"]) for message in asked["messages"] if message["role"] == "tool"]
    wanted = [] if came else [call for call in _calls(asked) if call["name"] in offered]
    if wanted:
        calls = [{"index": i, "id": f"call_{i}", "type": "function", "function": call} for i, call in enumerate(wanted)]
        return [_chunk({"tool_calls": calls}), _chunk({}, "tool_calls"), _usage()]
    return [*(_chunk({"content": f"{word} "}) for word in _words(came).split()), _chunk({}, "stop"), _usage()]


def _words(came: list[str]) -> str:
    ids = [found for output in came for found in FOUND.findall(output)]
    if ids:
        return f"There is a page on this subject that explains it [{ids[0]}]."
    if any("ticket_number" in output for output in came):
        return "Thank you. A colleague will write to you about it."
    return "ABSTAIN: This can't be looked up now."


def _calls(asked: Json) -> list[dict[str, str]]:
    said = (str(message["content"]) for message in reversed(asked["messages"]) if message["role"] == "user")
    wish = next(filter(None, map(WISH.search, said)), None)
    if wish is None:
        return []
    kind, number = wish.groups()
    search: tuple[str, Json] = ("search_kb", {"query": "How long do I have to return a jacket?", "top_k": 2})
    case: Json = {"email": ADDRESS, "subject": f"Case {number}", "body": "A case.", "priority": "normal"}
    person: tuple[str, Json] = ("handoff_human", {"reason": f"Wish {number}", "transcript_excerpt": ""})
    ticket: tuple[str, Json] = ("create_ticket", case)
    calls = {"search": [search], "ticket": [ticket], "two": [search, ticket], "person": [person]}[kind]
    return [{"name": name, "arguments": json.dumps(arguments)} for name, arguments in calls]


def embeddings(asked: Json) -> Json:
    """A vector for each text: its words, each counted in the dimension that its hash names."""
    data: list[Json] = []
    for index, text in enumerate(asked["input"]):
        vector = [0.0] * DIMENSIONS
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(word.encode()) % DIMENSIONS] += 1.0
        data.append({"object": "embedding", "index": index, "embedding": [value + 0.01 for value in vector]})
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "data": data, "model": asked["model"], "usage": usage}


def _chunk(delta: Json, finish: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "fake", "choices": [choice]}


def _usage() -> Json:
    return {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "fake", "choices": [], "usage": USAGE}


async def _send(send: Send, kind: bytes, lines: list[bytes]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    for line in lines:
        await send({"type": "http.response.body", "body": line, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


if __name__ == "__main__":
    uvicorn.run(Model(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
