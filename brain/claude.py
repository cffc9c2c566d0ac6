"""The brain behind Anthropic's messages API, streamed and read raw like its OpenAI sibling."""

import json
import time
from typing import Any

import anthropic
import httpx2

from brain.client import Ask, BrainGarbled, ToolSpec
from brain.hearing import CallBit, Piece, count
from brain.hosted import Hosted
from brain.optional import OptionalFields
from brain.pool import shared_client
from brain.prompt import Prompt
from brain.strict import UNSUPPORTED, UNSUPPORTED_NUMBERS, strict
from core.deadline import Clock
from core.settings import Settings

INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class Claude(Hosted):
    """One Claude model."""

    def __init__(
        self, settings: Settings, model: str, *, http: httpx2.Client | None = None, clock: Clock = time.monotonic
    ) -> None:
        """Take address, key and limits from `settings`; `http` and `clock` are for tests."""
        super().__init__(settings, model, clock)
        self.optional = OptionalFields("temperature", "strict")
        self._client = anthropic.Anthropic(
            api_key=settings.anthropic_api_key.get_secret_value() or "none",
            base_url=settings.anthropic_base_url or None,
            http_client=http or shared_client(settings.chat_threads),
            max_retries=0,
        )

    def post(self, body: dict[str, Any], timeout: httpx2.Timeout) -> httpx2.Response:
        """Past `messages.create`, which walks the whole body against its types."""
        post: Any = self._client.post  # with this `cast_to` it hands the open response over; its types know another way
        response: httpx2.Response = post(
            "/v1/messages",
            body=body,
            options={"timeout": timeout},
            cast_to=httpx2.Response,
            stream=True,
            stream_cls=anthropic.Stream[Any],
        )
        return response

    def body(self, ask: Ask, prompt: Prompt) -> dict[str, Any]:
        """The request."""
        body: dict[str, Any] = {
            "model": self.name,
            "system": prompt.system,
            "messages": messages(prompt),
            "max_tokens": self.settings.answer_tokens,
            "stream": True,
            "temperature": ask.temperature,
        }
        strictly = self.optional.wanted("strict")
        if ask.tools or prompt.made:  # a prompt with calls in it is refused without their definitions
            body["tools"] = [tool(spec, strictly=strictly) for spec in ask.tools] or _called(prompt)
        if prompt.made and not ask.tools:
            body["tool_choice"] = {"type": "none"}
        return self.optional.kept(body)

    def read(self, event: dict[str, Any]) -> Piece:
        """One event, or a whole message. Raises BrainGarbled when its shape is that of neither."""
        try:
            return _piece(event)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise BrainGarbled("The model's stream has an unknown shape.") from error


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


def tool(spec: ToolSpec, *, strictly: bool = True) -> dict[str, Any]:
    """A tool, with a strict schema unless the model knows none."""
    schema = strict(spec.parameters, UNSUPPORTED | UNSUPPORTED_NUMBERS)
    bare = {"name": spec.name, "description": spec.description, "input_schema": schema}
    return {**bare, "strict": True} if strictly else bare


def _called(prompt: Prompt) -> list[dict[str, Any]]:
    names = sorted({made.call.name for made in prompt.made})
    return [{"name": name, "description": "Not offered now.", "input_schema": {"type": "object"}} for name in names]


def _piece(event: dict[str, Any]) -> Piece:
    kind = event["type"]
    if kind == "message_start":
        return Piece(model=str(event["message"].get("model") or ""), input_tokens=_input_count(event["message"]))
    if kind == "content_block_start":
        return _block(int(event["index"]), event["content_block"])
    if kind == "content_block_delta":
        return _delta(int(event["index"]), event["delta"])
    if kind == "message_delta":
        stop = str(event["delta"].get("stop_reason") or "")
        usage = event.get("usage") or {}
        return Piece(finish=stop, output_tokens=count(usage.get("output_tokens")))
    if kind == "message":
        return _whole(event)
    return Piece()  # pings, ends of blocks, and whatever is added to the API later


def _block(at: int, block: dict[str, Any]) -> Piece:
    if block["type"] == "tool_use":
        given = block.get("input")
        return Piece(calls=(CallBit(at, str(block["id"]), str(block["name"]), json.dumps(given) if given else ""),))
    return Piece(text=str(block.get("text") or "") if block["type"] == "text" else "")


def _delta(at: int, delta: dict[str, Any]) -> Piece:
    if delta["type"] == "input_json_delta":
        return Piece(calls=(CallBit(at, arguments=str(delta["partial_json"])),))
    return Piece(text=str(delta["text"]) if delta["type"] == "text_delta" else "")


def _whole(message: dict[str, Any]) -> Piece:
    """A message that came in one, although a stream was asked for."""
    blocks = [_block(at, block) for at, block in enumerate(message["content"])]
    return Piece(
        text="".join(block.text for block in blocks),
        calls=tuple(call for block in blocks for call in block.calls),
        finish=str(message.get("stop_reason") or ""),
        model=str(message.get("model") or ""),
        input_tokens=_input_count(message),
        output_tokens=count((message.get("usage") or {}).get("output_tokens")),
    )


def _input_count(message: dict[str, Any]) -> int | None:
    """What was read, the cached part as well: it is cheaper, so this errs on the safe side."""
    usage = message.get("usage") or {}
    counts = [count(usage.get(name)) for name in INPUT]
    return count(sum(filter(None, counts)))
