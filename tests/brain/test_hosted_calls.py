"""Tool calls as hosted models write them: several, unknown, misnamed, endless, or no JSON at all. None is a crash."""

import json
from typing import Any

import httpx2
import pytest

from brain.client import BrainGarbled, Reply, ToolCall
from brain.hearing import MOST_ARGUMENTS, MOST_CALLS, MOST_NAME
from tests.brain.asks import ask, unheard
from tests.brain.hosted import APIS, CLAUDE, EVENTS, OPENAI, START, Api, chunk, stopped

both = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)


def calling(api: Api, *calls: tuple[str, list[str]]) -> tuple[dict[str, Any], ...]:
    """A stream that calls each tool of `calls`, its arguments in bits."""
    if api is OPENAI:
        bits = [
            chunk(tool_calls=[{"index": at, "id": f"x{at}", "function": {"name": name, "arguments": ""}}])
            for at, (name, _) in enumerate(calls)
        ]
        for at, (_, texts) in enumerate(calls):
            bits += [chunk(tool_calls=[{"index": at, "function": {"arguments": text}}]) for text in texts]
        return (*bits, chunk("tool_calls"))
    events: list[dict[str, Any]] = [START]
    for at, (name, texts) in enumerate(calls):
        block = {"type": "tool_use", "id": f"x{at}", "name": name, "input": {}}
        events.append({"type": "content_block_start", "index": at, "content_block": block})
        for text in texts:
            delta = {"type": "input_json_delta", "partial_json": text}
            events.append({"type": "content_block_delta", "index": at, "delta": delta})
    return (*events, stopped("tool_use"))


def heard(api: Api, *calls: tuple[str, list[str]]) -> Reply:
    return api.served(*calling(api, *calls), api.end).think(ask("tea?"), unheard)


@both
def test_several_calls_at_once_are_told_apart(api: Api) -> None:
    reply = heard(
        api, ("search_kb", ['{"query"', ': "tea"}']), ("get_order", ["{}"]), ("search_kb", ['{"query": "x"}'])
    )
    assert [(call.id, call.name, call.arguments) for call in reply.calls] == [
        ("x0", "search_kb", '{"query": "tea"}'),
        ("x1", "get_order", "{}"),
        ("x2", "search_kb", '{"query": "x"}'),
    ]


@both
@pytest.mark.parametrize("name", ["delete_everything", "search_kb\n", "search_kb\x00", "n" * 10_000, "ütf-8 \ud800"])
def test_a_strange_name_goes_on_as_a_call_that_can_be_refused(api: Api, name: str) -> None:
    (call,) = heard(api, (name, ["{}"])).calls
    assert 0 < len(call.name) <= MOST_NAME
    call.name.encode()
    assert "\x00" not in call.name


@both
@pytest.mark.parametrize("arguments", ["{oops", "[]", '"x"', "null", "\x00", '{"a": "\ud800"}', "[" * 10_000])
def test_arguments_that_are_no_object_go_on_as_they_are(api: Api, arguments: str) -> None:
    (call,) = heard(api, ("search_kb", [arguments])).calls
    call.arguments.encode()
    assert "\x00" not in call.arguments
    assert call.arguments == "{}" or call.arguments[:2] == arguments[:2]


@both
def test_a_megabyte_of_arguments_is_cut_and_so_no_json_any_more(api: Api) -> None:
    (call,) = heard(api, ("search_kb", ['{"query": "', *["x" * 1_000] * 1_000, '"}'])).calls
    assert len(call.arguments) <= 2 * MOST_ARGUMENTS
    with pytest.raises(json.JSONDecodeError):
        json.loads(call.arguments)


@both
def test_too_many_calls_at_once_are_not_all_kept(api: Api) -> None:
    assert len(heard(api, *[("create_ticket", ["{}"])] * 500).calls) == MOST_CALLS


@both
@pytest.mark.parametrize("name", ["", "  "])
def test_a_call_without_a_name_is_garbled(api: Api, name: str) -> None:
    with pytest.raises(BrainGarbled):
        heard(api, (name, ["{}"]))


@both
def test_a_call_that_breaks_off_is_not_made(api: Api) -> None:
    with pytest.raises(BrainGarbled):
        api.served(*calling(api, ("create_ticket", ['{"email": "a@']))[:-1], api.end).think(ask("tea?"), unheard)


WHOLE = {
    "openai": {
        "model": "served-1",
        "choices": [
            {
                "finish_reason": "tool_calls",
                "message": {
                    "content": None,
                    "tool_calls": [
                        {"id": "", "function": {"name": "search_kb", "arguments": '{"query": "tea"}'}},
                        {"id": "", "function": {"name": "get_order", "arguments": "{}"}},
                    ],
                },
            }
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7},
    },
    "claude": {
        "type": "message",
        "model": "served-1",
        "stop_reason": "tool_use",
        "content": [
            {"type": "tool_use", "id": "call_1", "name": "search_kb", "input": {"query": "tea"}},
            {"type": "tool_use", "id": "call_2", "name": "get_order", "input": {}},
        ],
        "usage": {"input_tokens": 11, "output_tokens": 7},
    },
}


@both
def test_an_answer_that_comes_whole_instead_of_streamed_is_an_answer(api: Api) -> None:
    reply = api.client(lambda _: httpx2.Response(200, json=WHOLE[api.name])).think(ask("tea?"), unheard)
    calls = (ToolCall("call_1", "search_kb", '{"query": "tea"}'), ToolCall("call_2", "get_order", "{}"))
    assert reply.calls == calls
    assert (reply.model, reply.usage.input_tokens, reply.usage.output_tokens) == ("served-1", 11, 7)


def test_claude_may_put_the_whole_input_into_the_start_of_a_block() -> None:
    block = {"type": "tool_use", "id": "x", "name": "search_kb", "input": {"query": "tea"}}
    pieces = (START, {"type": "content_block_start", "index": 0, "content_block": block}, stopped("tool_use"))
    (call,) = CLAUDE.served(*pieces, CLAUDE.end).think(ask("tea?"), unheard).calls
    assert json.loads(call.arguments) == {"query": "tea"}


@both
def test_null_fields_are_absent_ones(api: Api) -> None:
    if api is OPENAI:
        empty = {"content": None, "tool_calls": None, "refusal": None, "role": None}
        pieces: tuple[dict[str, Any], ...] = (
            {"model": None, "choices": [{"delta": empty, "finish_reason": None}], "usage": None, "error": None},
            {"choices": None},
            {"choices": [{"delta": None}]},
            chunk(content="Hello."),
            chunk("stop"),
        )
    else:
        message = {"model": None, "usage": None, "content": None, "stop_reason": None}
        pieces = (
            {"type": "message_start", "message": message},
            *CLAUDE.whole[1:-1],
            {**stopped("end_turn"), "usage": None},
        )
    assert api.served(*pieces, api.end).think(ask("hi"), unheard).text


def test_events_are_read_with_any_line_ending() -> None:
    body = OPENAI.stream(*OPENAI.whole, OPENAI.end).replace(b"\n", b"\r\n")
    served = OPENAI.client(lambda _: httpx2.Response(200, headers=EVENTS, content=body))
    assert served.think(ask("hi"), unheard).text == "Free over 50 [c1]."
