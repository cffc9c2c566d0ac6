"""Visitors whom nobody comes to: per site, out of hours, after a claim, and once for each wait."""

from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from brain.client import Intent, Reply, ToolCall
from brain.scripted import Scripted
from core import db
from core.models import Handoff, Message, Outgoing, Site, Thread, Ticket
from core.settings import get_settings
from orchestrator import desk, inbox, overdue
from orchestrator.people import operator
from orchestrator.phrases import phrased
from orchestrator.tasks import sweep
from tests.orchestrator.test_turn import Play, count, play_with, shop
from tools.catalog import TOOLS

__all__ = ["shop"]  # a fixture

HELLO = Reply(text="Hello!", intent=Intent.SMALLTALK)
PERSON = Reply(calls=(ToolCall("p", "handoff_human", '{"reason": "They want one.", "transcript_excerpt": ""}'),))
NEVER = {"zone": "UTC", "days": {}, "dates": {}}
ANA = operator("Ana")


@pytest.fixture
def play(shop: Site) -> Play:
    put(slack_channel="C1")
    return play_with((Scripted([HELLO] * 4),))


def put(**values: Any) -> None:
    with db.transaction() as session:
        session.execute(update(Site).values(**values))


def call(play: Play) -> None:
    with db.transaction() as session:
        inbox.call_person(session, session.get_one(Thread, play.thread), "button")


def wait(minutes: float) -> None:
    """So long has the visitor waited by now; then the sweep comes, twice."""
    with db.transaction() as session:
        session.execute(update(Handoff).values(waits_since=func.now() - text(f"interval '{minutes} minutes'")))
    sweep()
    sweep()


def told(play: Play, role: str = "system") -> list[str]:
    with db.transaction() as session:
        wanted = select(Message.content).where(Message.thread_id == play.thread, Message.role == role)
        return list(session.scalars(wanted.order_by(Message.position)))


def reminders() -> int:
    with db.transaction() as session:
        return session.scalars(select(func.count()).select_from(Outgoing).where(Outgoing.kind == "reminder")).one()


def handoff() -> Handoff:
    with db.transaction() as session:
        return session.scalars(select(Handoff)).one()


def test_a_site_has_a_wait_of_its_own(play: Play) -> None:
    put(wait_minutes=2.0)
    call(play)
    wait(1.9)
    assert told(play) == []
    wait(2.1)
    assert len(told(play)) == 1
    assert (handoff().status, reminders(), count(Ticket)) == ("overdue", 1, 1)


def test_asking_again_waits_again_under_the_same_ticket_and_is_pressing(play: Play) -> None:
    call(play)
    wait(11)
    assert play.say("Hm").turn_id is not None, "the bot answers meanwhile"
    play.answer()
    call(play)
    assert (handoff().status, handoff().priority) == ("waiting", "high")
    assert play.say("Anybody?").turn_id is None
    wait(11)
    assert (len(told(play)), reminders(), count(Ticket)) == (2, 2, 1)


def test_whoever_claims_and_says_nothing_is_reminded_and_the_bot_stays_silent(play: Play) -> None:
    call(play)
    with db.transaction() as session:
        desk.claim(session, 1, ANA)
    wait(11)
    assert told(play)[1:] == [
        phrased("nobody_answered", ticket=1001) + " " + phrased("ask_address"),
    ]
    assert (handoff().status, reminders(), count(Ticket)) == ("claimed", 1, 1)
    assert play.say("Hello?").turn_id is None
    with db.transaction() as session:
        desk.reply(session, 1, ANA, "Here I am.")
    sweep()
    assert (handoff().waits_since, reminders()) == (None, 1), "nothing is unanswered"
    play.say("And Norway?")
    assert handoff().waits_since is not None
    wait(11)
    assert (reminders(), count(Ticket)) == (2, 1)


def test_out_of_hours_the_button_tells_at_once_and_the_bot_goes_on(play: Play) -> None:
    put(hours=NEVER)
    call(play)
    (said,) = told(play, "agent")
    assert said.startswith("Our team is not there at this time. They have your question as ticket 1001")
    assert said.endswith("so that we can reach you.")
    assert (handoff().status, count(Ticket), reminders()) == ("overdue", 1, 0)
    assert play.turn().outcome == "ticketed"
    play.say("Then you.")
    assert play.answer().content == "Hello!"
    sweep()
    assert told(play) == [], "the sweep has nothing to add"


def test_out_of_hours_the_brains_own_handoff_is_no_other(shop: Site) -> None:
    put(hours=NEVER)
    play = play_with((Scripted([PERSON]),), TOOLS)
    play.say("A person, please")
    assert play.answer().content.startswith("Our team is not there at this time.")
    assert (handoff().status, count(Ticket)) == ("overdue", 1)
    with db.transaction() as session:
        assert session.get_one(Thread, play.thread).status == "bot"


def test_whoever_still_waits_when_people_leave_is_told_then(play: Play) -> None:
    call(play)
    sweep()
    assert told(play) == []
    put(hours=NEVER)
    sweep()
    assert len(told(play)) == 1
    assert reminders() == 0, "nobody is there to be reminded"
    with db.transaction() as session:
        assert session.scalars(select(Ticket.priority)).one() == "normal"


def test_people_who_come_in_the_morning_are_reminded_once_of_those_in_the_queue(play: Play) -> None:
    put(hours=NEVER)
    call(play)
    sweep()
    put(hours={})
    sweep()
    sweep()
    assert reminders() == 1
    assert len(told(play)) == 0
    with db.transaction() as session:
        desk.claim(session, 1, ANA)
    assert play.say("Good morning").turn_id is None


def test_a_claim_between_the_look_and_the_lock_wins(play: Play) -> None:
    call(play)
    with db.transaction() as session:
        session.execute(update(Handoff).values(waits_since=func.now() - text("interval '1 hour'")))
        (found,) = overdue.left_alone(session, get_settings())
        desk.claim(session, 1, ANA)
        session.execute(update(Handoff).values(waits_since=None))
    with db.transaction() as session:
        assert not overdue.look_after(session, found, get_settings())
        desk.resolve(session, 1, ANA)
    with db.transaction() as session:
        assert not overdue.look_after(session, found, get_settings())
        session.delete(session.get_one(Thread, play.thread))
    with db.transaction() as session:
        assert not overdue.look_after(session, found, get_settings())


def test_a_shadow_tells_out_of_hours_too(play: Play) -> None:
    put(hours=NEVER, mode="shadow")
    play.say("Hi")
    assert play.answer().content.startswith("Our team is not there at this time.")
    assert (count(Ticket), play.turn().outcome) == (1, "ticketed")
