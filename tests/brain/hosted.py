"""The two hosted clients with what tests need to know of each: its wire format, spoken through a fake transport."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from brain.claude import Claude
from brain.client import Brain
from brain.openai_chat import OpenAIChat
from core.settings import Settings

Answer = Callable[[httpx2.Request], httpx2.Response]


@dataclass(frozen=True)
class Api:
    """One API: how its client is made, and how a server of its kind streams."""

    name: str
    make: Callable[..., Brain]
    whole: tuple[dict[str, Any], ...]  # a complete stream that says "Free over 50 [c1]."
    calling: tuple[dict[str, Any], ...]  # one that calls search_kb in two bits
    end: str

    def client(self, answer: Answer, **settings: Any) -> Brain:
        """The client in front of `answer`."""
        return self.make(Settings(**settings), "model-1", http=httpx2.Client(transport=httpx2.MockTransport(answer)))

    def stream(self, *pieces: dict[str, Any] | str) -> bytes:
        """`pieces` as an event stream; strings go out as they are."""
        lines = (piece if isinstance(piece, str) else f"data: {json.dumps(piece)}\n\n" for piece in pieces)
        return "".join(lines).encode()

    def served(self, *pieces: dict[str, Any] | str) -> Brain:
        """The client of a server that always streams `pieces`."""
        body = self.stream(*pieces)
        return self.client(lambda _: httpx2.Response(200, headers=EVENTS, content=body))


EVENTS = {"content-type": "text/event-stream"}


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """One chunk of a chat completion."""
    return {"model": "served-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _openai_call(bit: dict[str, Any]) -> dict[str, Any]:
    return chunk(tool_calls=[{"index": 0, **bit}])


OPENAI = Api(
    "openai",
    OpenAIChat,
    (
        chunk(role="assistant", content=""),
        chunk(content="Free over "),
        chunk(content="50 [c1]."),
        chunk("stop"),
        {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7}},
    ),
    (
        _openai_call({"id": "x1", "type": "function", "function": {"name": "search_kb", "arguments": '{"que'}}),
        _openai_call({"function": {"arguments": 'ry": "tea"}'}}),
        chunk("tool_calls"),
    ),
    "data: [DONE]\n\n",
)

START = {"type": "message_start", "message": {"model": "served-1", "usage": {"input_tokens": 11}}}


def text_delta(text: str) -> dict[str, Any]:
    """One piece of text from the messages API."""
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


def _json_delta(text: str) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": text}}


def stopped(reason: str) -> dict[str, Any]:
    """The end of a message, with the reason."""
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 7}}


CLAUDE = Api(
    "claude",
    Claude,
    (
        START,
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        text_delta("Free over "),
        text_delta("50 [c1]."),
        {"type": "content_block_stop", "index": 0},
        stopped("end_turn"),
    ),
    (
        START,
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "x1", "name": "search_kb", "input": {}},
        },
        _json_delta('{"que'),
        _json_delta('ry": "tea"}'),
        stopped("tool_use"),
    ),
    'event: message_stop\ndata: {"type": "message_stop"}\n\n',
)

APIS = (OPENAI, CLAUDE)


def broken_off(body: bytes, error: Exception) -> httpx2.Response:
    """A response whose stream fails with `error` after `body`."""

    def bytes_then_error() -> Iterator[bytes]:
        yield body
        raise error

    return httpx2.Response(200, headers=EVENTS, content=bytes_then_error())
