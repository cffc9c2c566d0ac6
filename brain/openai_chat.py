"""The brain behind any OpenAI-compatible chat API, streamed and read raw: the SDK's models cost too much."""

import time
from typing import Any

import httpx2
import openai

from brain.client import Ask, BrainGarbled, BrainUnavailable, ToolSpec
from brain.hearing import CallBit, Piece, count
from brain.hosted import Hosted
from brain.optional import OptionalFields
from brain.pool import shared_client
from brain.prompt import Prompt
from brain.strict import UNSUPPORTED, strict
from core.deadline import Clock
from core.settings import Settings

LIMITS = ("max_completion_tokens", "max_tokens")  # the newer name is OpenAI's own; most other servers know the older


class OpenAIChat(Hosted):
    """One model of one OpenAI-compatible server."""

    def __init__(
        self, settings: Settings, model: str, *, http: httpx2.Client | None = None, clock: Clock = time.monotonic
    ) -> None:
        """Take address, key and limits from `settings`; `http` and `clock` are for tests."""
        super().__init__(settings, model, clock)
        # OpenAI itself knows `store`, so no error of it may leave it out; many who speak its language do not.
        strange = ("store",) if settings.openai_base_url else ()
        self.optional = OptionalFields("temperature", "stream_options", "strict", *LIMITS, *strange)
        self._client = openai.OpenAI(
            api_key=settings.openai_api_key.get_secret_value() or "none",  # local servers want no key, the SDK does
            base_url=settings.openai_base_url or None,
            http_client=http or shared_client(settings.chat_threads),
            max_retries=0,
        )

    def post(self, body: dict[str, Any], timeout: httpx2.Timeout) -> httpx2.Response:
        """Past `chat.completions.create`, which walks the whole body against its types: three times our own cost."""
        post: Any = self._client.post  # with this `cast_to` it hands the open response over; its types know another way
        response: httpx2.Response = post(
            "/chat/completions",
            body=body,
            options={"timeout": timeout},
            cast_to=httpx2.Response,
            stream=True,
            stream_cls=openai.Stream[Any],
        )
        return response

    def body(self, ask: Ask, prompt: Prompt) -> dict[str, Any]:
        """The request."""
        limits = reversed(LIMITS) if self.settings.openai_base_url else iter(LIMITS)
        body: dict[str, Any] = {
            "model": self.name,
            "messages": messages(prompt),
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": ask.temperature,
            "store": False,  # conversations are nobody's to learn from; what else is kept is in the account's agreement
        }
        if limit := next(filter(self.optional.wanted, limits), None):
            body[limit] = self.settings.answer_tokens
        if ask.tools:
            body["tools"] = [tool(spec, strictly=self.optional.wanted("strict")) for spec in ask.tools]
        return self.optional.kept(body)

    def read(self, event: dict[str, Any]) -> Piece:
        """One chunk, or a whole completion. Raises BrainGarbled when its shape is that of neither."""
        try:
            return _piece(event)
        except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise BrainGarbled("The model's stream has an unknown shape.") from error


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


def tool(spec: ToolSpec, *, strictly: bool = True) -> dict[str, Any]:
    """A tool, with a strict schema unless the server knows none."""
    function = {"name": spec.name, "description": spec.description, "parameters": strict(spec.parameters, UNSUPPORTED)}
    return {"type": "function", "function": {**function, "strict": True} if strictly else function}


def _piece(event: dict[str, Any]) -> Piece:
    usage = event.get("usage") or {}
    choice = (event.get("choices") or [{}])[0]
    delta = choice.get("delta") or choice.get("message") or {}
    if delta.get("refusal"):
        raise BrainUnavailable("The model refused to answer.")
    return Piece(
        text=_text(delta.get("content")),
        calls=tuple(_bit(call, at) for at, call in enumerate(delta.get("tool_calls") or ())),
        finish=_text(choice.get("finish_reason")),
        model=_text(event.get("model")),
        input_tokens=count(usage.get("prompt_tokens")),
        output_tokens=count(usage.get("completion_tokens")),
    )


def _bit(call: dict[str, Any], at: int) -> CallBit:
    function = call.get("function") or {}
    index = call.get("index")
    return CallBit(
        at if index is None else int(index),
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
