"""Slack as a channel: a mention or a direct message asks the agent; and drafts that are decided in Slack."""

from uuid import uuid4

import pytest
from sqlalchemy import select, update

from brain.client import Intent, Reply
from brain.scripted import Scripted
from core.db import transaction
from core.models import Site, Thread, WebhookEvent
from core.settings import get_settings
from ops.slack.workspace import BOT
from ops.slack.workspace import Message as Shown
from orchestrator import inbox, messages
from orchestrator.turn import take_turn
from orchestrator.world import World
from tests.conftest import SITE, make_site
from tests.web.slack import ADA, BOB, CHANNEL, EVE, Rig, rig

__all__ = ["rig"]

HELLO = Reply(text="Hello!", intent=Intent.SMALLTALK)
SOURCE = {
    "n": 1,
    "title": "Returns <30> days",
    "section": "How long",
    "url": "https://shop.example/returns",
    "link": "https://shop.example/returns#:~:text=30%20days",
}


def asked(rig: Rig) -> Thread:
    rig.session.expire_all()
    return rig.session.scalars(select(Thread).where(Thread.channel == "slack")).one()


def answer(rig: Rig, words: str = "You have 30 days [1].") -> None:
    """What a turn says at its end."""
    with transaction() as session:
        thread = session.scalars(select(Thread).where(Thread.channel == "slack")).one()
        messages.say(session, thread.id, "agent", words, citations=[SOURCE])
    rig.settle()


@pytest.mark.parametrize(
    ("channel", "words"), [("C7", f"<@{BOT}> How long for returns?"), ("D1", "How long for returns?")]
)
def test_a_mention_or_a_direct_message_asks_and_is_answered_below_with_sources(
    rig: Rig, channel: str, words: str
) -> None:
    rig.there.add_channel(channel, EVE)
    question = rig.people.writes(EVE, channel, words)
    rig.settle()
    thread = asked(rig)
    assert rig.said("visitor") == ["How long for returns?"]
    answer(rig)
    below = rig.there.below(question)
    assert len(below) == 1
    assert below[0].shown.startswith("You have 30 days [1].")
    assert below[0].links == [SOURCE["link"]]
    rig.people.writes(EVE, channel, "And for boots?", below=question.ts)
    rig.settle()
    assert asked(rig).id == thread.id, "it goes on in the same conversation"
    assert rig.said("visitor") == ["How long for returns?", "And for boots?"]
    kept = [row.body for row in rig.session.scalars(select(WebhookEvent))]
    assert kept == [None, None], "the words stand in the conversation alone"


def test_a_mention_in_a_thread_comes_as_two_events_and_is_one_question(rig: Rig) -> None:
    question = rig.people.writes(EVE, CHANNEL, f"<@{BOT}> One?")
    rig.settle()
    rig.people.writes(EVE, CHANNEL, f"<@{BOT}> Two?", below=question.ts)
    rig.settle()
    assert rig.said("visitor") == ["One?", "Two?"]


def test_of_several_sites_the_one_that_is_named_is_asked(rig: Rig) -> None:
    other = make_site(rig.session, "boots")
    other.slack_channel = "C2"
    rig.session.commit()
    rig.there.add_channel("C2", EVE)
    rig.there.add_channel("D1", EVE)
    rig.people.writes(EVE, "D1", "How long?")
    rig.settle()
    assert "several sites" in rig.there.messages[-1].shown
    rig.people.writes(EVE, "D1", "boots: How long?")
    rig.settle()
    assert (asked(rig).site_id, rig.said("visitor")) == ("boots", ["How long?"])


def test_somebody_of_another_workspace_asks_nothing(rig: Rig) -> None:
    rig.people.writes(EVE, CHANNEL, f"<@{BOT}> What do staff know?", user_team="T9OTHER")
    rig.settle()
    assert rig.said("visitor") == []


def test_a_question_of_forty_kilobytes_is_told_so(rig: Rig) -> None:
    rig.people.writes(EVE, CHANNEL, f"<@{BOT}> " + "x" * 40_000)
    rig.settle()
    assert "too long" in rig.whispers()[0]
    assert rig.said("visitor") == []


def test_whoever_asks_in_slack_can_be_handed_to_staff_there(rig: Rig) -> None:
    question = rig.people.writes(EVE, CHANNEL, f"<@{BOT}> May I speak to somebody?")
    rig.settle()
    with transaction() as session:
        handoff = inbox.call_person(session, session.get_one(Thread, asked(rig).id), "They ask for a person.")
    rig.settle()
    head = rig.head(handoff)
    rig.people.presses(ADA, head, "claim")
    window = rig.people.presses(ADA, head, "reply")
    for _ in range(2):
        rig.people.submits(ADA, window, "Here I am")
    rig.settle()
    assert rig.there.below(question)[-1].shown == "*Ada*\nHere I am"


@pytest.fixture
def draft(rig: Rig) -> Shown:
    """A draft that waits for approval, in its post."""
    rig.session.execute(update(Site).values(mode="review"))
    rig.session.commit()
    with transaction() as session:
        thread = inbox.open_thread(session, SITE, "web")
        inbox.accept(session, thread, "Hi <!channel> there", uuid4().hex)
    patient = get_settings().model_copy(update={"turn_seconds": 60.0})  # a busy machine must not end it in a ticket
    take_turn(thread.id, World(patient, (Scripted([HELLO, HELLO]),), ()))
    rig.settle()
    return next(one for one in rig.there.messages if "approve" in one.buttons())


def test_a_draft_is_approved_in_slack(rig: Rig, draft: Shown) -> None:
    assert "Hello!" in draft.shown
    assert draft.pings == []
    assert rig.said("agent") == []
    rig.people.presses(EVE, draft, "approve")
    assert rig.said("agent") == []
    rig.people.presses(ADA, draft, "approve")
    rig.settle()
    assert rig.said("agent") == ["Hello!"]
    assert "approved by Ada" in draft.shown
    assert draft.buttons() == {}


def test_an_edited_draft_is_seen_before_it_goes_out(rig: Rig, draft: Shown) -> None:
    window = rig.people.presses(ADA, draft, "edit")
    inputs = [block for block in rig.there.views[window]["blocks"] if block["type"] == "input"]
    assert inputs[0]["element"]["initial_value"] == "Hello!"
    assert rig.people.submits(ADA, window, "Good day!")["response_action"] == "update"
    assert rig.said("agent") == []
    rig.people.submits(ADA, window, "Good day!")
    assert rig.said("agent") == ["Good day!"]


def test_a_refused_draft_brings_a_person_and_of_two_one_decides(rig: Rig, draft: Shown) -> None:
    window, other = rig.people.presses(ADA, draft, "refuse"), rig.people.presses(BOB, draft, "edit")
    rig.people.submits(BOB, other, "Mine")
    assert rig.people.submits(ADA, window, "Rude.") == {"response_action": "clear"}
    assert "errors" in rig.people.submits(BOB, other, "Mine")
    rig.settle()
    assert "refused by Ada" in draft.shown
    head = next(one for one in rig.there.messages if "claim" in one.buttons())
    assert "Rude." in head.shown
