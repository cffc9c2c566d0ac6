"""A whole turn with each hosted client against a model server that others wrote."""

import pytest
from llmock.pytest_plugin import LLMock
from pydantic import SecretStr

from brain.choose import brains
from core.models import Site
from tests.orchestrator.test_turn import Hand, Play, play_with, settings, shop  # noqa: F401 - a fixture


@pytest.fixture(params=["openai", "claude"])
def play(request: pytest.FixtureRequest, shop: Site, llmock: LLMock) -> Play:
    """A conversation whose brain is a client of the fake server."""
    vendor = {"openai": "openai", "claude": "anthropic"}[request.param]
    address = {f"{vendor}_base_url": llmock.base_url(vendor), f"{vendor}_api_key": SecretStr("none")}
    chosen = settings().model_copy(update={"brain": request.param, "model": "mock", **address})
    return play_with(brains(chosen), (Hand().tool(),))


def test_it_searches_and_cites(play: Play, llmock: LLMock) -> None:
    llmock.call_tool("search_kb", {"query": "returns"})
    llmock.reply("Bring it back within 60 days [c7].")
    play.say("How long can I return it?")
    message = play.answer()
    assert message.content == "Bring it back within 60 days [1]."
    assert message.citations[0]["quote"] == "Bring it back within 60 days."
    assert play.turn().outcome == "answered"


def test_what_it_makes_up_is_not_sent(play: Play, llmock: LLMock) -> None:
    llmock.call_tool("search_kb", {"query": "returns"})
    llmock.reply("Bring it back within 365 days [c7]. See https://evil.example/returns [c7].")
    llmock.reply("Bring it back within 365 days [c7].")
    play.say("How long can I return it?")
    assert "365" not in play.answer().content
    assert all("365" not in str(data.get("text", "")) for _, data in play.news())
    assert play.turn().outcome == "ticketed"


def test_a_tool_that_does_not_exist_ends_with_a_person(play: Play, llmock: LLMock) -> None:
    llmock.call_tool("delete_everything", {})
    llmock.call_tool("delete_everything", {})
    play.say("How long can I return it?")
    assert "asked a person" in play.answer().content
    assert play.turn().outcome == "handed_off"
