"""Both hosted clients against a fake model server that others wrote, over real sockets, with its faults."""

import time

import pytest
from llmock.pytest_plugin import LLMock
from pydantic import SecretStr

from brain.claude import Claude
from brain.client import Brain, BrainGarbled, BrainTimeout, BrainUnavailable
from brain.openai_chat import OpenAIChat
from core.settings import Settings
from tests.brain.asks import SEARCH, ask, drafting, found, unheard


@pytest.fixture(params=["openai", "anthropic"])
def brain(request: pytest.FixtureRequest, llmock: LLMock) -> Brain:
    url = llmock.base_url(request.param)
    key = SecretStr("test-key")
    if request.param == "openai":
        return OpenAIChat(Settings(openai_base_url=url, openai_api_key=key), "gpt-4o-mini")
    return Claude(Settings(anthropic_base_url=url, anthropic_api_key=key), "claude-test")


def test_it_answers_in_pieces(brain: Brain, llmock: LLMock) -> None:
    llmock.reply("ABSTAIN: The documents do not tell how tea is grown.")
    heard: list[str] = []
    reply = brain.think(ask("How is tea grown?", tools=()), heard.append)
    assert reply.text == "The documents do not tell how tea is grown."
    assert reply.intent == "abstain"
    assert "".join(heard) == reply.text
    assert len(heard) > 1
    assert reply.usage.input_tokens > 0


def test_it_calls_tools_and_reads_their_outputs(brain: Brain, llmock: LLMock) -> None:
    llmock.call_tool("search_kb", {"query": "tea", "top_k": 3})
    reply = brain.think(ask("Tea?", tools=(SEARCH,)), unheard)
    assert [call.name for call in reply.calls] == ["search_kb"]
    assert '"tea"' in reply.calls[0].arguments
    llmock.reply("We ship on Mondays [c1].")
    after = brain.think(drafting("Tea?", outcomes=(found("tea", "We ship on Mondays."),), tools=(SEARCH,)), unheard)
    assert after.text == "We ship on Mondays [c1]."


def test_broken_calls_come_back_raw(brain: Brain, llmock: LLMock) -> None:
    llmock.call_tool("search_kb", {"query": "tea"}).break_tool_call("unknown_tool")
    (call,) = brain.think(ask("Tea?", tools=(SEARCH,)), unheard).calls
    assert call.name != "search_kb"
    llmock.call_tool("search_kb", {"query": "tea"}).break_tool_call("malformed_arguments")
    (call,) = brain.think(ask("Tea?", tools=(SEARCH,)), unheard).calls
    assert call.arguments


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503, 529])
def test_errors_of_the_service(brain: Brain, llmock: LLMock, status: int) -> None:
    llmock.fail(status, times=None)
    with pytest.raises(BrainUnavailable):
        brain.think(ask("Tea?"), unheard)


def test_a_long_retry_after_is_left_to_the_fallback(brain: Brain, llmock: LLMock) -> None:
    llmock.rate_limit(times=None, retry_after=30)
    with pytest.raises(BrainUnavailable):
        brain.think(ask("Tea?"), unheard)
    assert len(llmock.requests) == 1


def test_a_passing_failure_costs_one_retry(brain: Brain, llmock: LLMock) -> None:
    llmock.fail(503, times=1).reply("Here again [c1].", times=None)
    assert brain.think(ask("Tea?", tools=()), unheard).text
    assert len(llmock.requests) == 2


@pytest.mark.parametrize("after", [1, 2, 3])
def test_streams_that_break(brain: Brain, llmock: LLMock, after: int) -> None:
    for fault in (llmock.truncate, llmock.corrupt):
        llmock.reply("We ship on Mondays and on Thursdays, as long as it lasts.")
        fault(after_chunks=after)
        with pytest.raises(BrainGarbled):
            brain.think(ask("Tea?", tools=()), unheard)
    llmock.reply("We ship on Mondays and on Thursdays, as long as it lasts.")
    llmock.disconnect(after_chunks=after)
    with pytest.raises(BrainUnavailable):
        brain.think(ask("Tea?", tools=()), unheard)


def test_a_stalled_stream_ends_at_the_deadline(brain: Brain, llmock: LLMock) -> None:
    llmock.reply("We ship on Mondays and on Thursdays.").stall(after_chunks=2, seconds=8)
    begun = time.monotonic()
    with pytest.raises(BrainTimeout):
        brain.think(ask("Tea?", tools=(), timeout_s=0.4), unheard)
    assert time.monotonic() - begun < 5


def test_a_dripping_stream_ends_at_the_deadline(brain: Brain, llmock: LLMock) -> None:
    llmock.reply("word " * 1000).pace(100)
    begun = time.monotonic()
    with pytest.raises(BrainTimeout):
        brain.think(ask("Tea?", tools=(), timeout_s=0.5), unheard)
    assert time.monotonic() - begun < 5
