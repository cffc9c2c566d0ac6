"""Who has a conversation: claims, steps in, replies, returns, and whoever may not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update

from brain.client import Intent, Reply
from brain.scripted import Scripted
from core import db
from core.errors import (
    Conflict,
    HandoffClosed,
    HandoffNotFound,
    MessageEmpty,
    MessageTooLong,
    NotFound,
    RoleMissing,
    ThreadNotFound,
)
from core.models import Handoff, Message, Outgoing, Site, Staff, StaffRole, Thread, Visitor
from orchestrator import desk, inbox
from orchestrator.people import Person, operator, roles_on
from tests.conftest import make_site
from tests.orchestrator.staff import hire
from tests.orchestrator.test_turn import Play, play_with, shop

__all__ = ["shop"]  # a fixture

HELLO = Reply(text="Hello!", intent=Intent.SMALLTALK)


@pytest.fixture
def play(shop: Site) -> Play:
    """A conversation that waits for a person."""
    with db.transaction() as session:
        session.execute(update(Site).where(Site.id == shop.id).values(slack_channel="C1"))
    made = play_with((Scripted([HELLO, HELLO]),))
    call(made)
    return made


@pytest.fixture
def ana(play: Play) -> Person:
    return hire("Ana")


@pytest.fixture
def sue(play: Play) -> Person:
    return hire("Sue", "supervisor")


def call(play: Play) -> None:
    with db.transaction() as session:
        inbox.call_person(session, session.get_one(Thread, play.thread), "button")


def lines(play: Play, role: str) -> list[str]:
    with db.transaction() as session:
        wanted = select(Message.content).where(Message.thread_id == play.thread, Message.role == role)
        return list(session.scalars(wanted.order_by(Message.position)))


def the_handoff() -> Handoff:
    with db.transaction() as session:
        return session.scalars(select(Handoff).order_by(Handoff.number.desc()).limit(1)).one()


def kinds() -> list[str]:
    """What Slack is told, in order."""
    with db.transaction() as session:
        return list(session.scalars(select(Outgoing.kind).order_by(Outgoing.id)))


def test_a_reply_shows_the_name_and_a_second_click_sends_nothing(play: Play, ana: Person) -> None:
    with db.transaction() as session:
        desk.claim(session, 1, ana)
        first = desk.reply(session, 1, ana, "Hi, this is Ana.", once="click-1")
    with db.transaction() as session:
        assert desk.reply(session, 1, ana, "Hi, this is Ana.", once="click-1") is None
    with db.transaction() as session:
        (message,) = session.scalars(select(Message).where(Message.role == "staff")).all()
        assert (message.id, message.author, message.content) == (first, "Ana", "Hi, this is Ana.")
    shown = [data for kind, data in play.news() if kind == "message" and data["role"] == "staff"]
    assert [data["author"] for data in shown] == ["Ana"]


def test_a_visitors_own_id_never_takes_a_replys_place(play: Play, ana: Person) -> None:
    with db.transaction() as session:
        inbox.accept(session, session.get_one(Thread, play.thread), "Hello?", "click-1")
        desk.claim(session, 1, ana)
        assert desk.reply(session, 1, ana, "Here I am.", once="click-1")


def test_a_handoff_is_known_by_its_number_and_by_its_id(play: Play, ana: Person) -> None:
    with db.transaction() as session:
        assert desk.claim(session, the_handoff().id, ana).number == 1


def test_the_same_person_claims_twice_and_joins_once(play: Play, ana: Person) -> None:
    in_slack = Person(ana.staff_id, "Ana", "slack:U1")
    for person in (ana, in_slack):
        with db.transaction() as session:
            desk.claim(session, 1, person)
    assert lines(play, "system") == ["Ana has joined the conversation."]
    with db.transaction() as session:
        desk.reply(session, 1, in_slack, "Hi!")


def test_two_of_one_name_are_two(play: Play, ana: Person) -> None:
    other = hire("Ana", "agent", "*")
    with db.transaction() as opened:
        desk.claim(opened, 1, ana)
    with pytest.raises(Conflict, match="Ana has this conversation already"), db.transaction() as opened:
        desk.claim(opened, 1, other)


def test_of_two_who_claim_at_the_same_moment_one_wins_each_time(play: Play, ana: Person, sue: Person) -> None:
    signal = threading.Barrier(2)

    def claim(number: int, person: Person) -> str:
        signal.wait()
        try:
            with db.transaction() as session:
                desk.claim(session, number, person)
        except Conflict as error:
            return error.detail
        return person.name

    with ThreadPoolExecutor(2) as pool:
        for number in range(2, 12):
            call(play_with((Scripted([HELLO]),)))
            ends = [pool.submit(claim, number, person) for person in (ana, sue)]
            first, second = sorted(end.result() for end in ends)
            assert {first, second} in (
                {"Ana", "Ana has this conversation already."},
                {"Sue", "Sue has this conversation already."},
            )


def test_whoever_works_elsewhere_learns_of_no_handoff(play: Play) -> None:
    with db.transaction() as opened:
        make_site(opened, "other-shop")
    eve = hire("Eve", "admin", "other-shop")
    acts = (desk.claim, desk.give_back, desk.resolve, desk.take_over, lambda s, n, p: desk.reply(s, n, p, "Hi"))
    for act in acts:
        with pytest.raises(HandoffNotFound), db.transaction() as opened:
            act(opened, 1, eve)
    for stepping in (desk.take, lambda s, t, p: desk.note(s, t, p, "Hm")):
        with pytest.raises(ThreadNotFound), db.transaction() as opened:
            stepping(opened, play.thread, eve)
    with pytest.raises(HandoffNotFound), db.transaction() as opened:
        desk.claim(opened, uuid4(), eve)


def test_an_auditor_looks_and_does_nothing(play: Play) -> None:
    aud = hire("Aud", "auditor")
    with pytest.raises(RoleMissing, match="does not allow"), db.transaction() as opened:
        desk.claim(opened, 1, aud)
    with pytest.raises(RoleMissing), db.transaction() as opened:
        desk.note(opened, play.thread, aud, "Hm")
    assert RoleMissing.status == 403


def test_an_agent_does_not_step_in_and_a_supervisor_does(play: Play, ana: Person, sue: Person) -> None:
    with db.transaction() as session:
        desk.claim(session, 1, ana)
    with pytest.raises(RoleMissing), db.transaction() as session:
        desk.take_over(session, 1, ana)
    with pytest.raises(Conflict, match="Ana has this"), db.transaction() as session:
        desk.take(session, play.thread, sue)
    with db.transaction() as session:
        desk.take_over(session, 1, sue)
    with pytest.raises(Conflict, match="with Sue"), db.transaction() as session:
        desk.reply(session, 1, ana, "I am not done.")
    assert lines(play, "system")[-1] == "Sue has joined the conversation."


def test_a_role_that_is_taken_away_counts_at_the_next_act(play: Play, ana: Person) -> None:
    with db.transaction() as opened:
        desk.claim(opened, 1, ana)
    with db.transaction() as opened:
        opened.execute(delete(StaffRole).where(StaffRole.staff_id == ana.staff_id))
    with pytest.raises(HandoffNotFound), db.transaction() as opened:
        desk.reply(opened, 1, ana, "Still here")
    assert lines(play, "staff") == []


def test_a_disabled_account_has_no_role(play: Play, ana: Person) -> None:
    with db.transaction() as session:
        assert roles_on(session, ana, "demo-test") == {"agent"}
        session.execute(update(Staff).values(disabled_at=Staff.created_at))
        assert roles_on(session, ana, "demo-test") == frozenset()
        assert roles_on(session, Person(None, "Mallory", "slack:U9"), "demo-test") == frozenset()
        assert roles_on(session, operator("root"), "demo-test") == {"admin"}


def test_a_supervisor_steps_into_a_conversation_that_the_bot_has(shop: Site) -> None:
    sue = hire("Sue", "supervisor")
    brain = Scripted([HELLO])
    play = play_with((brain,))
    play.say("Hi")
    with db.transaction() as opened:
        handoff = desk.take(opened, play.thread, sue)
        assert (handoff.status, handoff.claimed_by) == ("claimed", "Sue")
    assert play.turn().outcome == "handed_off", "what the bot was at is over"
    assert play.say("Anybody?").turn_id is None
    with db.transaction() as opened:
        assert desk.take(opened, play.thread, sue).id == handoff.id, "twice is once"
    assert brain.asked == []


@pytest.mark.parametrize("close", [desk.give_back, desk.resolve])
def test_nobody_replies_after_the_return(play: Play, ana: Person, close: object) -> None:
    with db.transaction() as session:
        desk.claim(session, 1, ana)
        close(session, 1, ana)  # type: ignore[operator]
    for act in (desk.claim, desk.give_back, lambda s, n, p: desk.reply(s, n, p, "One more thing")):
        with pytest.raises(HandoffClosed, match="take it again"), db.transaction() as session:
            act(session, 1, ana)
    assert lines(play, "staff") == []


def test_a_reply_that_is_too_long_or_empty_says_so(play: Play, ana: Person) -> None:
    with db.transaction() as session:
        desk.claim(session, 1, ana)
    with pytest.raises(MessageTooLong, match=r"40000 characters, 4000 are possible"), db.transaction() as session:
        desk.reply(session, 1, ana, "x" * 40_000)
    with pytest.raises(MessageEmpty), db.transaction() as session:
        desk.reply(session, 1, ana, "  \n")
    with pytest.raises(MessageTooLong), db.transaction() as session:
        desk.note(session, play.thread, ana, "x" * 40_000)


def test_a_reply_to_a_conversation_that_is_deleted_finds_nobody(play: Play, ana: Person) -> None:
    with db.transaction() as session:
        desk.claim(session, 1, ana)
    number, id_ = 1, the_handoff().id
    with db.transaction() as session:
        session.delete(session.scalars(select(Visitor)).one())
    for which in (number, id_):
        with pytest.raises(NotFound), db.transaction() as session:
            desk.reply(session, which, ana, "Hello?")


def test_what_nobody_answered_is_answered_by_the_bot_after_the_return(play: Play, ana: Person) -> None:
    with db.transaction() as session:
        desk.claim(session, 1, ana)
        desk.reply(session, 1, ana, "One moment.")
    play.say("And in Norway?")
    play.say("Or Sweden?")
    with db.transaction() as session:
        desk.give_back(session, 1, ana)
    assert play.answer().content == "Hello!"
    asked = play.world.brains[0].asked[-1].memory  # type: ignore[attr-defined]
    assert [said.text for said in asked][-2:] == ["And in Norway?", "Or Sweden?"]
    assert play.turn().outcome == "answered"


def test_what_a_person_has_answered_is_left_alone_after_the_return(play: Play, ana: Person) -> None:
    play.say("Where are you?")
    with db.transaction() as session:
        desk.claim(session, 1, ana)
        desk.reply(session, 1, ana, "In Oslo.")
        desk.give_back(session, 1, ana)
    with db.transaction() as session:
        assert inbox.take_up(session, play.thread) is None


def test_what_is_resolved_needs_no_answer(play: Play, ana: Person) -> None:
    with db.transaction() as session:
        desk.claim(session, 1, ana)
    play.say("Thanks!")
    with db.transaction() as session:
        desk.resolve(session, 1, ana)
    assert lines(play, "agent") == [
        "I have asked a person of our team to join. They see what you wrote, and answer here."
    ]


def test_slack_and_the_desk_hear_of_everything_in_order_and_by_ids(play: Play, ana: Person) -> None:
    with db.transaction() as session:
        desk.claim(session, 1, ana)
        desk.reply(session, 1, ana, "Hi")
        desk.note(session, play.thread, ana, "Looks like a refund.")
        desk.give_back(session, 1, ana)
    joined = ["message", "state"]
    assert kinds() == ["handoff", "message", *joined, "message", "note", *joined]
    with db.transaction() as session:
        rows = session.scalars(select(Outgoing)).all()
        assert {row.destination for row in rows} == {"slack:demo-test"}
        assert {row.thread_id for row in rows} == {play.thread}
        assert "refund" not in str([row.body for row in rows])
    play.say("Bye")
    assert kinds()[-1] == "state", "a conversation that nobody of the staff has is not shown in Slack"


def test_the_most_urgent_comes_first_then_the_longest_waiting(play: Play) -> None:
    for _ in range(2):
        call(play_with((Scripted([HELLO]),)))
    with db.transaction() as opened:
        opened.execute(update(Handoff).where(Handoff.number == 3).values(priority="urgent"))
        assert [handoff.number for handoff in desk.waiting(opened)] == [3, 1, 2]


def test_the_language_of_the_visitor_is_noted_once_it_can_be_told(play: Play) -> None:
    for words in ("OK", "Wie lange kann ich die Jacke zurückgeben, und was kostet mich das?", "What about the shoes?"):
        play.say(words)
    with db.transaction() as session:
        assert session.get_one(Thread, play.thread).language == "de"
