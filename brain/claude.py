"""The brain behind Anthropic's messages API, streamed and read raw like its OpenAI sibling."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import anthropic
import httpx2

from brain.client import Ask, BrainGarbled, Reply, ToolSpec
from brain.hearing import CallBit, Hearing, Piece
from brain.optional import OptionalFields
from brain.prompt import Prompt, build_prompt
from brain.retries import open_twice
from brain.strict import UNSUPPORTED, UNSUPPORTED_NUMBERS, without
from brain.wire import json_pieces, plainly, shared_client, timeouts
from core.deadline import Clock, Deadline
from core.settings import Settings


class Claude:
    """One Claude model."""

    def __init__(
        self, settings: Settings, model: str, *, http: httpx2.Client | None = None, clock: Clock = time.monotonic
    ) -> None:
        """Take address, key and limits from `settings`; `http` and `clock` are for tests."""
        self.name = model
        self._settings = settings
        self._clock = clock
        self._optional = OptionalFields("temperature")
        self._client = anthropic.Anthropic(
            api_key=settings.anthropic_api_key.get_secret_value() or "none",
            base_url=settings.anthropic_base_url or None,
            http_client=http or shared_client(),
            max_retries=0,
        )

    def think(self, ask: Ask, on_text: Callable[[str], None]) -> Reply:
        """Reply to `ask` within `ask.timeout_s` seconds."""
        deadline = Deadline(ask.timeout_s, self._clock)
        prompt = build_prompt(ask)
        hearing = Hearing(ask, prompt.chars, on_text)
        with ExitStack() as stack:
            with plainly(deadline):
                response = open_twice(lambda: self._open(ask, prompt, deadline, stack), deadline)
            for event in stack.enter_context(closing(json_pieces(response, deadline))):
                hearing.take(read_event(event))
        return hearing.reply(self.name)

    def _open(self, ask: Ask, prompt: Prompt, deadline: Deadline, stack: ExitStack) -> httpx2.Response:
        return self._optional.send(lambda: self._send(ask, prompt, deadline, stack))

    def _send(self, ask: Ask, prompt: Prompt, deadline: Deadline, stack: ExitStack) -> httpx2.Response:
        settings = self._settings
        opening = self._client.messages.with_streaming_response.create(
            **self._body(ask, prompt),
            # The SDK no longer has the field, since its newest models refuse it; the others still take it.
            extra_body=self._optional.kept({"temperature": ask.temperature}),
            timeout=timeouts(
                deadline, connect_s=settings.model_connect_seconds, silence_s=settings.model_silence_seconds
            ),
        )
        response: httpx2.Response = stack.enter_context(opening).http_response
        return response

    def _body(self, ask: Ask, prompt: Prompt) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.name,
            "system": prompt.system,
            "messages": messages(prompt),
            "max_tokens": self._settings.answer_tokens,
            "stream": True,
        }
        if ask.tools or prompt.made:  # a prompt with calls in it is refused without their definitions
            body["tools"] = [tool(spec) for spec in ask.tools] or _called(prompt)
        if prompt.made and not ask.tools:
            body["tool_choice"] = {"type": "none"}
        return body


def messages(prompt: Prompt) -> list[dict[str, Any]]:
    """`prompt` as messages of content blocks that take turns."""
    written: list[dict[str, Any]] = []
    for line in prompt.talk:
        _append(written, line.role, {"type": "text", "text": line.text or " "})
    for made in prompt.made:
        call = {"type": "tool_use", "id": made.call.id, "name": made.call.name, "input": _input(made.call.arguments)}
        _append(written, "assistant", call)
        _append(written, "user", {"type": "tool_result", "tool_use_id": made.call.id, "content": made.block})
    if prompt.remark:
        _append(written, "user", {"type": "text", "text": prompt.remark})
    return written


def _append(written: list[dict[str, Any]], role: str, block: dict[str, Any]) -> None:
    if written and written[-1]["role"] == role:
        written[-1]["content"].append(block)
    else:
        written.append({"role": role, "content": [block]})


def _input(arguments: str) -> dict[str, Any]:
    """Arguments as an object; what the model once wrote badly is shown to it as nothing."""
    try:
        read = json.loads(arguments)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def tool(spec: ToolSpec) -> dict[str, Any]:
    """A tool with a strict schema."""
    schema = without(spec.parameters, UNSUPPORTED | UNSUPPORTED_NUMBERS)
    return {"name": spec.name, "description": spec.description, "input_schema": schema, "strict": True}


def _called(prompt: Prompt) -> list[dict[str, Any]]:
    names = sorted({made.call.name for made in prompt.made})
    return [{"name": name, "description": "Not offered now.", "input_schema": {"type": "object"}} for name in names]


def read_event(event: dict[str, Any]) -> Piece:
    """One event of the stream. Raises BrainGarbled when its shape is not that of the messages API."""
    try:
        return _piece(event)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BrainGarbled("The model's stream has an unknown shape.") from error


def _piece(event: dict[str, Any]) -> Piece:
    kind = event["type"]
    if kind == "message_start":
        return Piece(
            model=str(event["message"].get("model") or ""), input_tokens=_count(event["message"], "input_tokens")
        )
    if kind == "content_block_start":
        return _block(int(event["index"]), event["content_block"])
    if kind == "content_block_delta":
        return _delta(int(event["index"]), event["delta"])
    if kind == "message_delta":
        stop = str(event["delta"].get("stop_reason") or "")
        return Piece(finish=stop, output_tokens=_count(event, "output_tokens"))
    return Piece()  # pings, ends of blocks, and whatever is added to the API later


def _block(at: int, block: dict[str, Any]) -> Piece:
    if block["type"] == "tool_use":
        return Piece(calls=(CallBit(at, str(block["id"]), str(block["name"])),))
    return Piece(text=str(block.get("text") or "") if block["type"] == "text" else "")


def _delta(at: int, delta: dict[str, Any]) -> Piece:
    if delta["type"] == "input_json_delta":
        return Piece(calls=(CallBit(at, arguments=str(delta["partial_json"])),))
    return Piece(text=str(delta["text"]) if delta["type"] == "text_delta" else "")


def _count(holder: dict[str, Any], name: str) -> int | None:
    value = (holder.get("usage") or {}).get(name)
    return value if isinstance(value, int) and value >= 0 else None
