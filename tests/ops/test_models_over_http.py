"""A model that judges, and one that plays visitors, through the vendors' own clients at a server on a real socket."""

import time
from collections.abc import Callable

import pytest
from llmock.pytest_plugin import LLMock
from pydantic import SecretStr

from brain.choose import brains
from brain.client import Brain
from core.settings import Settings, get_settings
from ops.evals.golden import read_case
from ops.evals.model_judge import SECONDS, judged_by_model
from ops.evals.run_form import Result
from ops.simulation.minds import Played
from orchestrator.world import World
from tests.ops.test_run_form import RESULT
from tests.ops.test_simulation import persona
from tools.catalog import TOOLS

CASE = read_case({"id": "a", "say": ["How long?"], "expect": {"must": ["60 days"]}})
GIVEN = Result.model_validate({**RESULT, "passed": True, "faults": [], "measures": {"passed": 1.0}})
SLOW = "no answer in time"
SOON = 0.5  # seconds that a model gets that stands still for two minutes

Wrong = Callable[[LLMock], object]


@pytest.fixture(params=["openai", "claude"])
def settings(request: pytest.FixtureRequest, llmock: LLMock) -> Settings:
    vendor = {"openai": "openai", "claude": "anthropic"}[request.param]
    address = {f"{vendor}_base_url": llmock.base_url(vendor), f"{vendor}_api_key": SecretStr("none")}
    return get_settings().model_copy(update={"brain": request.param, "model": "mock", **address})


def judged(settings: Settings, times: int, seconds: float = SECONDS) -> Result:
    return judged_by_model(World(settings, brains(settings), TOOLS), times, seconds)(CASE, GIVEN)


def test_a_judge_is_asked_as_often_as_is_said_and_its_grades_are_read(settings: Settings, llmock: LLMock) -> None:
    llmock.reply("GRADE: 5\nWHY: It says what the page says.").reply("GRADE: 4\nWHY: A little long.")
    found = judged(settings, 2)
    assert (found.passed, found.faults) == (True, ())
    assert (found.measures["judged"], found.measures["judged_spread"]) == (0.875, 0.25)
    assert len(llmock.requests) == 2


# What a judge can do wrong, and what is said of it.
WRONG: dict[str, tuple[Wrong, str]] = {
    "no number": (lambda mock: mock.reply("GRADE: NaN\nWHY: none"), "it said “GRADE: NaN WHY: none”"),
    "a refusal": (lambda mock: mock.reply("I'm sorry, but I can't help with that."), "can't help with that"),
    "rubbish": (lambda mock: mock.reply("Grade five, dear! " * 40), "it said “Grade five, dear! Grade five"),
    "two grades": (lambda mock: mock.reply("GRADE: 1\nGRADE: 5"), "GRADE: 1 GRADE: 5"),
    "beyond the scale": (lambda mock: mock.reply("GRADE: 10\nWHY: splendid"), "GRADE: 10"),
    "no service": (lambda mock: mock.fail(503, times=None), ""),
    "no key": (lambda mock: mock.fail(401, times=None), ""),
    "half a stream": (lambda mock: mock.reply("GRADE: 5\nWHY: It is right.").truncate(after_chunks=1), ""),
    SLOW: (
        lambda mock: mock.reply("GRADE: 5\nWHY: It is right.").stall(after_chunks=1, seconds=120),
        "did not answer in time",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_whatever_is_no_grade_never_passes_and_is_told(settings: Settings, llmock: LLMock, name: str) -> None:
    do, words = WRONG[name]
    do(llmock)
    begun = time.monotonic()
    found = judged(settings, 1, SOON if name == SLOW else SECONDS)
    assert time.monotonic() - begun < 60
    assert (found.passed, found.measures["passed"], found.measures["judged"]) == (False, 0.0, 0.0)
    (fault,) = found.faults
    assert fault.startswith("the judging model gave no readable grade 1 of 1 times: ")
    assert words in fault
    assert len(fault) < 250


def test_a_model_plays_a_visitor_and_leaves(settings: Settings, llmock: LLMock) -> None:
    llmock.reply("It is 10231.").reply("LEAVES")
    mind = Played(persona(), _brain(settings))
    assert mind.opening() == "Where is my parcel?"
    assert mind.next(["What is your order number?"]) == "It is 10231."
    assert mind.next(["What is your order number?", "I can't find it."]) is None
    assert mind.fault == ""
    assert "find the parcel" in str(llmock.requests[0].body)


@pytest.mark.parametrize("name", ["no service", "half a stream", SLOW])
def test_a_model_that_cannot_play_is_a_fault_and_no_visitor_who_left(
    settings: Settings, llmock: LLMock, name: str
) -> None:
    WRONG[name][0](llmock)
    mind = Played(persona(), _brain(settings), SOON if name == SLOW else SECONDS)
    mind.opening()
    assert mind.next(["What is your order number?"]) is None
    assert mind.fault.startswith("the model could not play this visitor: ")


def test_what_never_ends_is_cut(settings: Settings, llmock: LLMock) -> None:
    llmock.reply("and so on " * 300)
    mind = Played(persona(), _brain(settings))
    mind.opening()
    assert len(mind.next(["What is your order number?"]) or "") == 2_000


def _brain(settings: Settings) -> Brain:
    return brains(settings)[0]
