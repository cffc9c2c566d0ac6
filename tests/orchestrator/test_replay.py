"""Replay finds whatever would go otherwise: the machine, the guards, the reading of answers, the questions."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from brain.client import Reply
from brain.scripted import Scripted
from core import db
from core.models import Message, ModelCall, Site, Turn, TurnEvent
from orchestrator.replay import Difference, replay
from tests.orchestrator.test_turn import ANSWER, SEARCH, Hand, Play, play_with, shop
from tools.create_ticket import TOOL as CREATE_TICKET

__all__ = ["shop"]


@pytest.fixture
def answered(shop: Site) -> Play:
    """A turn with a search, a draft that failed a guard, and an answer."""
    play = play_with((Scripted([SEARCH, Reply(text="You have 90 days [c7]."), ANSWER]),), (Hand().tool(),))
    play.say("How long can I return it?")
    play.answer()
    return play


def again(play: Play) -> Difference | None:
    """Replay the only turn."""
    with db.transaction() as session:
        return replay(session, session.scalars(select(Turn.id)).one(), play.world.tools)


def change(what: type[Any], where: Callable[[Any], bool], how: Callable[[Any], None]) -> None:
    """Change a stored row."""
    with db.transaction() as session:
        row = next(row for row in session.scalars(select(what)) if where(row))
        how(row)
        for name in ("event", "effects", "reply", "request"):
            if hasattr(row, name):
                flag_modified(row, name)


def is_event(kind: str) -> Callable[[Any], bool]:
    """Whether a stored event is of this kind."""
    return lambda row: row.event["type"] == kind


def test_a_turn_replays_to_the_byte(answered: Play) -> None:
    assert again(answered) is None


def test_another_step_of_the_machine_is_shown_as_a_diff(answered: Play) -> None:
    change(TurnEvent, is_event("ToolReturned"), lambda row: row.effects[0].update(calls_left=9))
    difference = again(answered)
    assert difference is not None
    assert "ToolReturned" in str(difference)
    assert '-  "calls_left": 9' in str(difference)
    assert '+  "calls_left": 2' in str(difference)


def test_a_verdict_that_the_guards_would_not_give_is_found(answered: Play) -> None:
    change(TurnEvent, is_event("DraftFailedGuard"), lambda row: row.event["verdicts"][0].update(reason="Because."))
    difference = again(answered)
    assert difference is not None
    assert difference.what == "DraftFailedGuard"


def test_an_answer_that_would_be_read_otherwise_is_found(answered: Play) -> None:
    change(ModelCall, lambda row: row.n == 1, lambda row: row.reply["calls"][0].update(arguments='{"query": "other"}'))
    difference = again(answered)
    assert difference is not None
    assert difference.what == "CallsProposed"


def test_a_tool_that_no_longer_takes_such_arguments_is_found(answered: Play) -> None:
    with db.transaction() as session:
        difference = replay(session, session.scalars(select(Turn.id)).one(), (CREATE_TICKET,))
    assert difference is not None
    assert "There is no tool" in str(difference.replayed)


def test_a_question_that_would_be_put_otherwise_is_found(answered: Play) -> None:
    change(ModelCall, lambda row: row.n == 3, lambda row: row.request.update(sha256="0" * 64))
    difference = again(answered)
    assert difference is not None
    assert difference.what == "the question to the model"


def test_a_reply_that_was_changed_afterwards_is_found(answered: Play) -> None:
    change(Message, lambda row: row.role == "agent", lambda row: setattr(row, "content", "Never."))
    difference = again(answered)
    assert difference is not None
    assert difference.what == "the reply"


def test_every_question_and_answer_is_kept(answered: Play) -> None:
    with db.transaction() as session:
        calls = session.scalars(select(ModelCall).order_by(ModelCall.n)).all()
        assert [call.n for call in calls] == [1, 3, 4]
        assert [call.request["tools"] for call in calls] == [["search_kb"]] * 3
        assert calls[1].reply is not None
        assert calls[1].reply["text"] == "You have 90 days [c7]."
