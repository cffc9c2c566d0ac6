"""The brain behind any OpenAI-compatible chat API, streamed and read raw: the SDK's models cost too much."""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import httpx2
import openai

from brain.client import Ask, BrainGarbled, BrainUnavailable, Reply, ToolSpec
from brain.hearing import CallBit, Hearing, Piece
from brain.optional import OptionalFields
from brain.prompt import Prompt, build_prompt
from brain.retries import open_twice
from brain.strict import UNSUPPORTED, without
from brain.wire import json_pieces, plainly, shared_client, timeouts
from core.deadline import Clock, Deadline
from core.settings import Settings


class OpenAIChat:
    """One model of one OpenAI-compatible server."""

    def __init__(
        self, settings: Settings, model: str, *, http: httpx2.Client | None = None, clock: Clock = time.monotonic
    ) -> None:
        """Take address, key and limits from `settings`; `http` and `clock` are for tests."""
        self.name = model
        self._settings = settings
        self._clock = clock
        self._optional = OptionalFields("temperature", "stream_options", "max_completion_tokens")
        self._client = openai.OpenAI(
            api_key=settings.openai_api_key.get_secret_value() or "none",  # local servers want no key, the SDK does
            base_url=settings.openai_base_url or None,
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
        opening = self._client.chat.completions.with_streaming_response.create(
            **self._body(ask, prompt),
            timeout=timeouts(
                deadline, connect_s=settings.model_connect_seconds, silence_s=settings.model_silence_seconds
            ),
        )
        response: httpx2.Response = stack.enter_context(opening).http_response
        return response

    def _body(self, ask: Ask, prompt: Prompt) -> dict[str, Any]:
        limit = "max_tokens" if self._settings.openai_base_url else "max_completion_tokens"
        body: dict[str, Any] = {
            "model": self.name,
            "messages": messages(prompt),
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": ask.temperature,
            limit: self._settings.answer_tokens,
        }
        if ask.tools:
            body["tools"] = [tool(spec) for spec in ask.tools]
        return self._optional.kept(body)


def messages(prompt: Prompt) -> list[dict[str, Any]]:
    """`prompt` as chat messages."""
    written: list[dict[str, Any]] = [{"role": "system", "content": prompt.system}]
    written += [{"role": line.role, "content": line.text} for line in prompt.talk]
    for made in prompt.made:
        function = {"name": made.call.name, "arguments": made.call.arguments}
        call = {"id": made.call.id, "type": "function", "function": function}
        written.append({"role": "assistant", "content": None, "tool_calls": [call]})
        written.append({"role": "tool", "tool_call_id": made.call.id, "content": made.block})
    if prompt.remark:
        written.append({"role": "user", "content": prompt.remark})
    return written


def tool(spec: ToolSpec) -> dict[str, Any]:
    """A tool with a strict schema."""
    parameters = without(spec.parameters, UNSUPPORTED)
    function = {"name": spec.name, "description": spec.description, "parameters": parameters, "strict": True}
    return {"type": "function", "function": function}


def read_event(event: dict[str, Any]) -> Piece:
    """One event of the stream. Raises BrainGarbled when its shape is not that of a chat chunk."""
    try:
        return _piece(event)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise BrainGarbled("The model's stream has an unknown shape.") from error


def _piece(event: dict[str, Any]) -> Piece:
    usage = event.get("usage") or {}
    choice = (event.get("choices") or [{}])[0]
    delta = choice.get("delta") or choice.get("message") or {}
    if delta.get("refusal"):
        raise BrainUnavailable("The model refused to answer.")
    return Piece(
        text=_text(delta.get("content")),
        calls=tuple(_bit(call) for call in delta.get("tool_calls") or ()),
        finish=_text(choice.get("finish_reason")),
        model=_text(event.get("model")),
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
    )


def _bit(call: dict[str, Any]) -> CallBit:
    function = call.get("function") or {}
    return CallBit(
        int(call.get("index") or 0),
        _text(call.get("id")),
        _text(function.get("name")),
        _text(function.get("arguments")),
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return value


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
