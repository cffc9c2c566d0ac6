"""Erasing: nothing of a conversation is left in any table or in Redis, whatever is under way meanwhile."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, text, update

from brain.client import Reply, ToolCall
from brain.scripted import Scripted
from core import bus, db
from core.models import (
    Feedback,
    Handoff,
    Message,
    ModelCall,
    Outgoing,
    Site,
    Spend,
    Thread,
    Ticket,
    ToolRun,
    Turn,
    TurnEvent,
    Visitor,
    WebhookEvent,
    metadata,
)
from orchestrator.erasing import Receipt, erase_address, erase_thread, erase_visitor, visitors_of
from orchestrator.inbox import call_person
from orchestrator.turn import take_turn
from orchestrator.world import World
from tests.conftest import SITE
from tests.orchestrator.test_budget import COST, Priced, talk
from tests.orchestrator.test_turn import ANSWER, SEARCH, Found, Hand, Play, Query, count, play_with, shop
from tools.tool import Caller

__all__ = ["shop"]

MAIL = "ana@example.com"
OPEN = json.dumps({"email": MAIL, "subject": "Help", "body": "My zip is broken", "priority": "normal"})
HELD = (Message, Turn, TurnEvent, ModelCall, ToolRun, Ticket, Handoff, Feedback, Outgoing, Thread, Visitor)


def a_conversation(words: str = f"My zip broke, write to {MAIL}") -> Play:
    """One with an answer, a ticket, feedback, a person called, and notices of it all."""
    with db.transaction() as session:
        session.execute(update(Site).values(notices_url="https://shop.example/notices"))
    brain = Scripted([Reply(calls=(ToolCall("a", "create_ticket", OPEN),)), SEARCH, ANSWER])
    play = play_with((brain,))
    play = Play(play.thread, play.world)
    play.say(words)
    message = play.answer()
    with db.transaction() as session:
        session.add(Feedback(message_id=message.id, thumbs="up", tags=[]))
        call_person(session, session.get_one(Thread, play.thread), "A person, please.")
    return play


def visitor_of(play: Play) -> UUID:
    """Who talks."""
    with db.transaction() as session:
        return session.get_one(Thread, play.thread).visitor_id


def rows_with(words: str) -> list[str]:
    """The tables in which `words` stand anywhere."""
    with db.transaction() as session:
        return [
            table.name
            for table in metadata.sorted_tables
            if session.scalar(text(f'SELECT count(*) FROM "{table.name}" AS each WHERE each::text ILIKE :words'),  # noqa: S608
                              {"words": f"%{words}%"})
        ]  # fmt: skip


def test_all_that_hangs_on_a_visitor_goes_and_the_receipt_counts_it(shop: Site) -> None:
    play = a_conversation()
    other = a_conversation("My tent tore")
    assert "tickets" in rows_with(str(play.thread))
    with db.transaction() as session:
        receipt = erase_visitor(session, visitor_of(play))
    assert (receipt.visitors, receipt.threads, receipt.turns) == (1, 1, 2)
    assert (receipt.tickets, receipt.handoffs, receipt.feedback) == (1, 1, 1)
    assert receipt.messages >= 3
    assert receipt.outgoing == 2
    assert rows_with(str(play.thread)) == []
    assert rows_with("zip broke") == []
    assert bus.client().exists(bus.stream_key(play.thread)) == 0
    assert "messages" in rows_with("tent tore"), "somebody else's stays"
    assert bus.client().exists(bus.stream_key(other.thread)) == 1


def test_every_table_that_knows_a_thread_or_a_turn_lets_go_of_it() -> None:
    """A table that is added with such a column must go with its thread, or be named in `erasing`."""
    for table in metadata.sorted_tables:
        for column in () if table.name == "outbox" else table.columns:  # erased by hand
            if column.name in {"thread_id", "turn_id", "visitor_id", "message_id"}:
                [key] = column.foreign_keys
                assert key.ondelete == "CASCADE", f"{table.name}.{column.name}"


def test_erasing_twice_is_erasing_once(shop: Site) -> None:
    play = a_conversation()
    visitor = visitor_of(play)
    with db.transaction() as session:
        erase_visitor(session, visitor)
    with db.transaction() as session:
        assert erase_visitor(session, visitor) == erase_thread(session, uuid4()) == Receipt()


def test_what_cannot_be_carried_out_erases_nothing(shop: Site) -> None:
    """One transaction: a receipt that was never given stands for nothing."""
    play = a_conversation()
    with db.new_session() as session:
        assert erase_visitor(session, visitor_of(play)).threads == 1
        session.rollback()
    assert count(Thread) == 1
    assert bus.client().exists(bus.stream_key(play.thread)) == 1


def test_a_turn_that_runs_meanwhile_writes_nothing_any_more(shop: Site) -> None:
    """Its worker finds that it has lost the turn; what the model may have charged is spent, and nothing is held."""
    brain = Priced()
    play = talk(brain)
    visitor = visitor_of(play)

    def erase() -> None:
        with db.transaction() as session:
            erase_visitor(session, visitor)

    brain.look = erase
    play.say("Hello")
    take_turn(play.thread, play.world)
    assert [count(table) for table in HELD] == [0] * len(HELD)
    with db.transaction() as session:
        days = session.execute(select(Spend.held_micro, Spend.spent_micro)).all()
    assert {held for held, _ in days} == {0}
    assert all(spent >= COST for _, spent in days)


def test_a_tool_that_runs_meanwhile_leaves_nothing(shop: Site) -> None:
    """A ticket that is being opened: its row goes with the thread, or finds none to belong to."""
    play = play_with((Scripted([SEARCH, ANSWER]),), (Hand().tool(),))
    visitor = visitor_of(play)
    play.say("Hello")

    class Erasing(Hand):
        """Erases while it searches."""

        def run(self, caller: Caller, arguments: Query) -> Found:
            with db.transaction() as session:
                erase_visitor(session, visitor)
            return super().run(caller, arguments)

    take_turn(play.thread, World(play.world.settings, play.world.brains, (Erasing().tool(),)))
    assert [count(table) for table in HELD] == [0] * len(HELD)


def test_those_who_erase_at_once_do_not_stand_in_each_others_way(shop: Site) -> None:
    """Eight at once for the same visitor of five conversations, and somebody writes: all end, and nothing is left."""
    play = play_with((Scripted([]),))
    visitor = visitor_of(play)
    with db.transaction() as session:
        session.add_all(Thread(site_id=SITE, visitor_id=visitor, channel="web", status="bot") for _ in range(4))

    def erase(_: int) -> Receipt:
        with db.transaction() as session:
            return erase_visitor(session, visitor)

    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(erase, range(8)))
    assert sum(one.visitors for one in receipts) == 1
    assert sum(one.threads for one in receipts) == 5
    assert count(Thread) == 0


def test_an_address_is_taken_off_where_it_proves_nothing(shop: Site) -> None:
    """Somebody else's ticket stays without it, and what was told of an order with it is emptied."""
    play = a_conversation()
    order = {"order": {"number": "7", "billing": {"email": MAIL.title()}}}
    with db.transaction() as session:
        session.get_one(Visitor, visitor_of(play)).verified_email = "bo@example.com"
        for state in ("done", "pending"):
            session.add(an_event(state, order))
    with db.transaction() as session:
        assert visitors_of(session, SITE, MAIL, 9) == []
        receipt = erase_address(session, SITE, MAIL)
    assert (receipt.addresses, receipt.events) == (3, 1)  # ticket, visitor, and what they wrote
    with db.transaction() as session:
        assert session.scalars(select(Ticket.email)).one() is None
        kept = session.execute(select(WebhookEvent.state, WebhookEvent.data, WebhookEvent.body)).all()
    assert sorted((state, bool(data), bool(body)) for state, data, body in kept) == [
        ("done", False, False),
        ("pending", True, True),
    ]


def test_visitors_are_found_by_what_is_proven_or_by_what_they_said_of_themselves(shop: Site) -> None:
    with db.transaction() as session:
        session.add_all(
            [
                Visitor(site_id=SITE, verified_email=MAIL),
                Visitor(site_id=SITE, contact_email="Ana@Example.com"),
                Visitor(site_id=SITE, verified_email="bo@example.com", contact_email=MAIL),
                Visitor(site_id=SITE),
            ]
        )
    with db.transaction() as session:
        assert len(visitors_of(session, SITE, MAIL, 9)) == 2
        assert len(visitors_of(session, SITE, MAIL, 1)) == 1
        assert visitors_of(session, "another", MAIL, 9) == []
        assert session.scalar(select(func.count()).select_from(Visitor)) == 4


def an_event(state: str, data: dict[str, Any]) -> WebhookEvent:
    """One that was told of order 7."""
    return WebhookEvent(
        site_id=SITE,
        source="wordpress",
        event_id=state,
        body_hash=state,
        subject="order:7",
        action="order.updated",
        data=data,
        body=b"{}",
        occurred_at=datetime.now(UTC),
        state=state,
    )
