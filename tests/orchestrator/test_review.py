"""Sites where a person sees drafts first, and sites where the agent only listens, in the real database."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text, update
from typer.testing import CliRunner, Result

from brain.client import Intent, Reply, ToolCall
from brain.scripted import Scripted
from core import bus, db
from core.errors import Conflict, DraftNotFound, RoleMissing
from core.models import Handoff, Message, Outgoing, Site, Thread, Ticket, Turn
from orchestrator import inbox, review
from orchestrator.case import lock_thread
from orchestrator.edits import edits
from orchestrator.events import DraftApproved, PersonClaimed
from orchestrator.journal import open_turn_of, record
from orchestrator.people import operator
from orchestrator.tasks import sweep
from orchestrator.turn import take_turn
from orchestrator.world import World
from tests.orchestrator.staff import hire
from tests.orchestrator.test_turn import ANSWER, SEARCH, Hand, Play, count, play_with, settings, shop
from tools.catalog import named
from tools.create_ticket import Case, OpenedTicket
from tools.tool import Arguments, Caller, Output, Tool
from web.cli import make_cli

HELLO = Reply(text="Hello!", intent=Intent.SMALLTALK)
CASE = '{"email": "ana@example.com", "subject": "Help", "body": "Broken", "priority": "normal"}'
TICKET = Reply(calls=(ToolCall("a", "create_ticket", CASE),))

__all__ = ["shop"]  # a fixture


def put(site: Site, mode: str, **review_of: object) -> None:
    """Set the site's mode."""
    with db.transaction() as session:
        session.execute(update(Site).where(Site.id == site.id).values(mode=mode, review=review_of))


def held_one() -> review.Held:
    with db.transaction() as session:
        (held,) = review.drafts(session)
        return held


def said(play: Play) -> list[str]:
    """What the visitor was told."""
    with db.transaction() as session:
        wanted = select(Message.content).where(Message.thread_id == play.thread, Message.role == "agent")
        return list(session.scalars(wanted.order_by(Message.position)))


@pytest.fixture
def held(shop: Site) -> Play:
    """A conversation with a cited draft that waits for approval."""
    put(shop, "review")
    play = play_with((Scripted([SEARCH, ANSWER, SEARCH, ANSWER]),), (Hand().tool(),))
    patient = settings().model_copy(update={"turn_seconds": 60.0})  # a busy machine must not end it in a ticket
    play.world = World(patient, play.world.brains, play.world.tools)
    play.say("How long can I return it?")
    take_turn(play.thread, play.world)
    return play


def test_a_held_draft_is_listed_and_the_visitor_sees_none_of_it(held: Play) -> None:
    draft = held_one()
    assert draft.text == "Bring it back within 60 days [1]. Keep the receipt [1]."
    assert draft.asked == "How long can I return it?"
    assert (draft.kind, draft.confidence) == ("answer", 0.9)
    assert said(held) == []
    news = held.news()
    assert "60 days" not in str(news)
    assert news[-1] == ("state", {"state": "reviewing"})


def test_nothing_is_left_for_a_worker_while_a_person_looks(held: Play) -> None:
    bus.client().delete("chat")
    sweep()
    take_turn(held.thread, held.world)
    assert bus.client().llen("chat") == 0
    turn = held.turn()
    assert (turn.phase, turn.pending, turn.leased_until) == ("reviewing", None, None)


def test_an_approved_draft_goes_out_as_it_is(held: Play) -> None:
    with db.transaction() as session:
        review.approve(session, held_one().name, operator("Ana"))
    assert said(held) == ["Bring it back within 60 days [1]. Keep the receipt [1]."]
    assert held.turn().outcome == "answered"


@pytest.mark.parametrize(
    ("edited", "shown", "citations"),
    [
        ("Sixty days [1], gladly.", "Sixty days [1], gladly.", 1),
        ("Sixty days.", "Sixty days.", 0),
        ("Sixty days [1] [7].", "Sixty days [1].", 1),
    ],
)
def test_an_edited_draft_keeps_the_citations_that_are_left(held: Play, edited: str, shown: str, citations: int) -> None:
    with db.transaction() as session:
        review.approve(session, held_one().name, operator("Ana"), edited)
    with db.transaction() as session:
        message = session.scalars(select(Message).where(Message.role == "agent")).one()
        assert (message.content, len(message.citations)) == (shown, citations)
    held.turn()  # replays


def test_what_staff_make_of_drafts_is_kept_to_judge_by(held: Play) -> None:
    was = held_one()
    with db.transaction() as session:
        review.approve(session, was.name, operator("Ana"), "Sixty days [1], gladly.")
    held.say("And in Norway?")
    take_turn(held.thread, held.world)
    with db.transaction() as session:
        review.refuse(session, held_one().name, operator("Ben"), "Not for Norway.")
    with db.transaction() as session:
        edited, refused = edits(session)
        assert (edited.person, edited.asked, edited.draft) == ("Ana", was.asked, was.text)
        assert (edited.sent, edited.reason, edited.turn_id) == ("Sixty days [1], gladly.", "", was.turn_id)
        assert (refused.person, refused.asked, refused.sent) == ("Ben", "And in Norway?", None)
        assert refused.reason == "Not for Norway."
        assert list(edits(session, "another-shop")) == []
        assert list(edits(session, since=refused.at)) == [refused]
    shown = [json.loads(line) for line in handrail("desk", "edits", "--site", "demo-test").output.splitlines()]
    assert [line["reason"] for line in shown] == ["", "Not for Norway."]


def test_a_draft_that_goes_out_as_it_was_is_no_edit(held: Play) -> None:
    with db.transaction() as session:
        review.approve(session, held_one().name, operator("Ana"))
        assert list(edits(session)) == []


def test_whoever_may_not_answer_may_not_approve_either(held: Play) -> None:
    name = held_one().name
    for role, refusal in (("auditor", RoleMissing), ("agent", DraftNotFound)):
        person = hire("Eve", role, held_one().site_id if role == "auditor" else "another-shop")
        with pytest.raises(refusal), db.transaction() as session:
            review.approve(session, name, person)
    assert said(held) == []


def test_staff_hear_when_a_draft_waits_and_when_it_no_longer_does(held: Play) -> None:
    with db.transaction() as session:
        session.execute(update(Site).values(slack_channel="C1"))
    held.say("and in Norway?")
    take_turn(held.thread, held.world)
    with db.transaction() as session:
        rows = session.scalars(select(Outgoing).where(Outgoing.kind == "draft").order_by(Outgoing.id)).all()
    first, second = (int(row.body["n"]) for row in rows)
    assert {row.body["turn"] for row in rows} == {str(held.turn().id)}
    assert f".{second}" in held_one().name
    assert first < second, "the first is void"


def test_a_refused_draft_brings_a_person(held: Play) -> None:
    with db.transaction() as session:
        review.refuse(session, held_one().name, operator("Ana"), "Out of date.")
    with db.transaction() as session:
        assert "Out of date." in session.scalars(select(Handoff.reason)).one()
    assert "asked a person" in said(held)[0]
    assert held.turn().outcome == "handed_off"


def test_two_people_decide_and_one_wins(held: Play) -> None:
    name = held_one().name
    with db.transaction() as session:
        review.approve(session, name, operator("Ana"))
    with pytest.raises(DraftNotFound), db.transaction() as session:
        review.refuse(session, name, operator("Ben"), "no")
    assert len(said(held)) == 1


def test_what_the_visitor_adds_makes_the_draft_void(held: Play) -> None:
    stale = held_one()
    held.say("and in Norway?")
    with pytest.raises(DraftNotFound), db.transaction() as session:
        review.approve(session, stale.name, operator("Ana"))
    with pytest.raises(Conflict, match="void"), db.transaction() as session:
        review._record(session, stale, operator("Ana"), DraftApproved(stale.n, "Ana", stale.text))
    turn = held.turn()
    assert (turn.deadline_at - turn.created_at).total_seconds() < 2 * settings().accept_seconds, "its own counts again"
    take_turn(held.thread, held.world)
    assert held_one().name != stale.name
    with pytest.raises(Conflict, match="Another draft"), db.transaction() as session:
        review._record(session, stale, operator("Ana"), DraftApproved(stale.n, "Ana", stale.text))
    assert said(held) == []


def test_a_draft_that_nobody_looks_at_ends_in_a_ticket(held: Play) -> None:
    sweep()
    assert said(held) == [], "not yet"
    with db.transaction() as session:
        session.execute(update(Turn).values(deadline_at=func.now() - text("interval '1 second'")))
    sweep()
    assert "ticket 1001" in said(held)[0]
    assert held.turn().outcome == "ticketed"


def test_a_person_who_takes_the_conversation_makes_the_draft_void(held: Play) -> None:
    with db.transaction() as session:
        lock_thread(session, held.thread)
        turn = open_turn_of(session, held.thread)
        assert turn is not None
        record(session, turn, PersonClaimed("Ana"))
        assert review.drafts(session) == ()
    assert said(held) == []


def test_the_button_works_while_a_draft_is_held(held: Play) -> None:
    with db.transaction() as session:
        inbox.call_person(session, session.get_one(Thread, held.thread), "button")
    assert "asked a person" in said(held)[0]


def test_a_site_may_have_only_some_drafts_seen(shop: Site) -> None:
    put(shop, "review", kinds=["answer"])
    play = play_with((Scripted([HELLO]),))
    play.say("Hi")
    assert play.answer().content == "Hello!"


def test_a_shadow_keeps_its_draft_and_a_person_comes(shop: Site) -> None:
    put(shop, "shadow")
    play = play_with((Scripted([SEARCH, ANSWER]),), (Hand().tool(),))
    play.say("How long?")
    assert "asked a person" in play.answer().content
    assert "60 days" not in str(play.news())
    assert (play.turn().outcome, count(Ticket), count(Handoff)) == ("handed_off", 0, 1)


class Dies(BaseException):
    """The process ends."""


def dying(run: Callable[[Caller, Case], Output]) -> Tool:
    """`create_ticket` that does `run`, and dies."""
    original = named("create_ticket")
    assert original is not None

    def run_and_die(caller: Caller, case: Arguments) -> Output:
        assert isinstance(case, Case)
        run(caller, case)
        raise Dies

    return Tool(original.name, "", original.input, original.output, "writes", run_and_die)


def overdue() -> None:
    """The turn's time is over, and nobody has it."""
    with db.transaction() as session:
        session.execute(update(Turn).values(leased_until=None, deadline_at=func.now() - text("interval '1 second'")))
    sweep()


def test_the_tools_ticket_and_the_one_after_the_deadline_are_one(shop: Site) -> None:
    original = named("create_ticket")
    assert original is not None
    play = play_with((Scripted([TICKET]),))
    play.say("Open a ticket My address is ana@example.com.")
    with pytest.raises(Dies):
        take_turn(play.thread, World(settings(), play.world.brains, (dying(original.run),)))
    overdue()
    assert count(Ticket) == 1
    assert "ticket 1001" in said(play)[0]
    assert play.turn().outcome == "ticketed"


def test_a_tool_that_writes_after_the_deadline_finds_the_ticket_that_stands(shop: Site) -> None:
    original = named("create_ticket")
    assert original is not None
    callers: list[Caller] = []

    def remember(caller: Caller, case: Case) -> Output:
        callers.append(caller)
        return OpenedTicket(ticket_number=1, status="open", email=None)

    play = play_with((Scripted([TICKET]),))
    play.say("Open a ticket My address is ana@example.com.")
    with pytest.raises(Dies):
        take_turn(play.thread, World(settings(), play.world.brains, (dying(remember),)))
    overdue()
    original.run(callers[0], Case(email="ana@example.com", subject="Help", body="Broken", priority="normal"))
    assert count(Ticket) == 1


def test_ten_tickets_at_once_are_one_ticket(shop: Site) -> None:
    many = Reply(calls=tuple(ToolCall(str(n), "create_ticket", CASE.replace("Help", f"Help {n}")) for n in range(10)))
    play = play_with((Scripted([many, many, Reply(text="It is open.", intent=Intent.SMALLTALK)]),))
    play.say("Open tickets My address is ana@example.com.")
    assert play.answer().content == "It is open."
    assert (count(Ticket), play.turn().outcome) == (1, "ticketed")


def handrail(*arguments: str) -> Result:
    return CliRunner().invoke(make_cli(), list(arguments))


def test_the_desk_lists_approves_and_refuses_drafts(held: Play) -> None:
    name = held_one().name
    listed = handrail("desk", "drafts", "--site", "demo-test").output
    assert name in listed
    assert "asked: How long can I return it?" in listed
    assert "[1] Returns /returns/" in listed
    assert handrail("desk", "approve", name, "--as", "Ana", "--text", "Sixty days [1].").output == "Sent.\n"
    assert said(held) == ["Sixty days [1]."]
    assert handrail("desk", "drafts").output == "No draft is waiting.\n"
    refused = handrail("desk", "refuse", name, "wrong", "--as", "Ana")
    assert isinstance(refused.exception, DraftNotFound)


def test_a_sites_mode_is_one_command(shop: Site) -> None:
    assert "approves" in handrail("site", "mode", shop.id, "review", "--kind", "answer", "--below", "0.5").output
    with db.transaction() as session:
        site = session.get_one(Site, shop.id)
        assert (site.mode, site.review) == ("review", {"kinds": ["answer"], "below": 0.5})
    handrail("site", "mode", shop.id, "shadow")
    with db.transaction() as session:
        site = session.get_one(Site, shop.id)
        assert (site.mode, site.review) == ("shadow", {})
    assert handrail("site", "mode", shop.id, "live", "--below", "0.5").exit_code == 1
    assert handrail("site", "mode", shop.id, "asleep").exit_code == 2
