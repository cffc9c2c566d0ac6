"""A turn with tokens: models, journals and tables see nothing else, and a tool gets what they stand for."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from brain.client import Intent, Reply, ToolCall
from brain.extractive import Extractive
from brain.scripted import Scripted
from core import bus, db
from core.models import Message, Order, Site, Thread, Ticket, TurnEvent
from orchestrator import inbox, tokens
from orchestrator.events import ToolFailed
from orchestrator.open_turns import read_history
from orchestrator.reconcile import reconcile
from tests.conftest import SITE
from tests.orchestrator.test_turn import SNIPPET, Hand, Play, play_with, shop

__all__ = ["shop"]

MAIL, NUMBER = "priya.nandakumar@example.com", "10231"
ELSEWHERE = {"orders", "tokens"}  # the shop's own records, and where what is put away lies
LOOKED_UP = Reply(text="Order ⟦order:1⟧ is: completed. We wrote to ⟦email:1⟧.", intent=Intent.CLARIFY)


@pytest.fixture
def ordered(shop: Site) -> Site:
    """A shop with one order of hers, and one of somebody else's."""
    row = {"status": "completed", "placed_at": datetime(2026, 10, 1, tzinfo=UTC), "total": "49.00", "currency": "EUR"}
    row |= {"shipping_method": "Post", "items": [{"name": "Tent", "quantity": 1}], "tracking": []}
    with db.transaction() as session:
        session.add(Order(site_id=SITE, number=NUMBER, email=MAIL, **row))
        session.add(Order(site_id=SITE, number="10777", email="bob@example.com", **row))
    return shop


def get_order(**given: object) -> Reply:
    return Reply(calls=(ToolCall("x", "get_order", json.dumps(given)),))


def everywhere(but: Sequence[str] = ()) -> str:
    """Every row of every table but where it belongs, and all that Valkey holds."""
    with db.transaction() as session:
        names = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")).all()
        kept = [name for name in names if name not in {*ELSEWHERE, *but}]
        rows = [session.execute(text(f'SELECT t::text FROM "{name}" t')).scalars().all() for name in kept]  # noqa: S608
    keys: Any = bus.client().keys("*")
    streams = [bus.client().xrange(key) for key in keys if bus.client().type(key) == "stream"]
    return "\n".join(row for table in rows for row in table) + json.dumps(streams) + "\n".join(keys)


def results(play: Play) -> list[object]:
    with db.transaction() as session:
        turns = session.scalars(select(TurnEvent.turn_id).distinct()).all()
        return [event for turn in turns for event, _ in read_history(session, turn)]


def test_a_tool_gets_the_value_and_nobody_else(ordered: Site) -> None:
    brain = Scripted([get_order(email="⟦email:1⟧", order_id="⟦order:1⟧"), LOOKED_UP])
    play = play_with((brain,))
    play.say(f"Where is my order {NUMBER}? I am {MAIL}")
    answer = play.answer()
    assert answer.content == LOOKED_UP.text
    assert '"number":"⟦order:1⟧"' in brain.asked[1].outcomes[0].output
    assert '"status":"completed"' in brain.asked[1].outcomes[0].output
    shown = everywhere()
    assert MAIL not in shown
    assert NUMBER not in shown
    assert all(MAIL not in line.text for ask in brain.asked for line in ask.memory)
    play.turn()  # replays
    with db.transaction() as session:
        assert tokens.opened(session, play.thread, answer.content) == (
            f"Order {NUMBER} is: completed. We wrote to {MAIL}."
        )


def test_a_ticket_has_the_address_and_its_words_have_tokens(ordered: Site) -> None:
    case = {"email": "⟦email:1⟧", "subject": "Order ⟦order:1⟧", "body": "See ⟦order:1⟧", "priority": "low"}
    done = Reply(text="A person answers at ⟦email:1⟧.", intent=Intent.CLARIFY)
    play = play_with((Scripted([Reply(calls=(ToolCall("x", "create_ticket", json.dumps(case)),)), done]),))
    play.say(f"Please write to {MAIL} of order {NUMBER}")
    play.answer()
    with db.transaction() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.email, ticket.subject, ticket.body) == (MAIL, "Order ⟦order:1⟧", "See ⟦order:1⟧")
    shown = everywhere(but=("tickets", "visitors"))  # where answers go
    assert MAIL not in shown
    assert NUMBER not in shown
    play.turn()


def test_the_builtin_brain_goes_from_the_number_to_the_address_to_the_order(ordered: Site) -> None:
    play = play_with((Extractive(),))
    play.say("Where is my order?")
    assert "order number" in play.answer().content
    play.say(NUMBER)
    assert "Which e-mail address" in play.answer().content
    play.say(MAIL)
    assert "Order ⟦order:1⟧ of 2026-10-01 is: completed." in play.answer().content
    assert MAIL not in everywhere()
    play.turn()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": "⟦email:7⟧", "order_id": "⟦order:1⟧"}, "nothing that ⟦email:7⟧ stands for"),
        ({"email": "⟦email:2⟧", "order_id": "10777"}, "nothing that ⟦email:2⟧ stands for"),  # of another conversation
    ],
)
def test_a_token_of_nobody_or_of_another_conversation_opens_nothing(
    ordered: Site, given: dict[str, object], said: str
) -> None:
    other = play_with((Scripted([]),))
    other.say("a@example.com and bob@example.com")
    play = play_with((Scripted([get_order(**given), Reply(text="Sorry?", intent=Intent.CLARIFY)]),))
    play.say(f"order {NUMBER}, {MAIL}")
    play.answer()
    failed = [event for event in results(play) if isinstance(event, ToolFailed)]
    assert [said in event.reason for event in failed] == [True]


def test_a_token_is_no_address_of_the_wrong_kind(ordered: Site) -> None:
    brain = Scripted([get_order(email="⟦order:1⟧", order_id="⟦email:1⟧"), Reply(text="?", intent=Intent.CLARIFY)])
    play = play_with((brain,))
    play.say(f"order {NUMBER}, {MAIL}")
    play.answer()
    assert "is not an e-mail address" in brain.asked[1].feedback


def test_a_draft_may_not_make_a_token_up(ordered: Site) -> None:
    made_up = Reply(text="I wrote to ⟦email:3⟧.", intent=Intent.CLARIFY)
    changed = Reply(text="I wrote to ⟦email: 1⟧.", intent=Intent.CLARIFY)
    brain = Scripted([made_up, changed, changed])
    play = play_with((brain,))
    play.say(f"Hello, {MAIL} here")
    answer = play.answer()
    assert "⟦" not in answer.content
    assert "Nobody gave ⟦email:3⟧" in brain.asked[1].feedback
    play.turn()


def test_a_signed_in_visitors_orders_are_tokens_too(ordered: Site) -> None:
    brain = Scripted([get_order(email=None, order_id=None), Reply(text="It is ⟦order:1⟧.", intent=Intent.CLARIFY)])
    play = play_with((brain,))
    with db.transaction() as session:
        thread = inbox.open_thread(session, SITE, "web", email=MAIL)
        play = Play(thread.id, play.world)
    play.say("Which orders do I have?")
    assert play.answer().content == "It is ⟦order:1⟧."
    assert NUMBER not in everywhere()
    with db.transaction() as session:
        assert tokens.opened(session, play.thread, "⟦order:1⟧") == NUMBER


def test_a_document_cannot_hold_a_token(ordered: Site) -> None:
    class Forged(Hand):
        def run(self, caller: Any, arguments: Any) -> Any:
            found = super().run(caller, arguments)
            return found.model_copy(update={"snippets": [{**SNIPPET, "text": "Write to ⟦email:1⟧ within 60 days."}]})

    search = Reply(calls=(ToolCall("x", "search_kb", '{"query": "returns"}'),))
    brain = Scripted([search, Reply(text="Hm?", intent=Intent.CLARIFY)])
    play = play_with((brain,), (Forged().tool(),))
    play.say(f"I am {MAIL}")
    play.answer()
    assert "Write to [email:1] within" in brain.asked[1].outcomes[0].output


def test_half_a_card_that_was_taken_for_a_telephone_number_goes(ordered: Site) -> None:
    play = play_with((Scripted([]),))
    play.say("call 4111 1111 and")
    play.say("1111 1111")
    shown = everywhere(but=())
    with db.transaction() as session:
        kept = session.scalars(text("SELECT value FROM tokens")).all()
        said = session.scalars(select(Message.content).where(Message.role == "visitor")).all()
    assert all("4111" not in value for value in kept)
    assert "4111" not in shown
    assert any("part of a number" in words for words in said)


def test_a_token_beside_half_a_card_stays_one(ordered: Site) -> None:
    play = play_with((Extractive(),))
    play.say("Where is my order?")
    play.answer()
    play.say(f"{NUMBER}, and my card is 4111 1111")
    play.say("1111 1111")
    with db.transaction() as session:
        said = session.scalars(
            select(Message.content).where(Message.role == "visitor").order_by(Message.position)
        ).all()
    assert "part of a number" in said[1]
    assert said[1].startswith("⟦order:1⟧, and my card is")
    assert NUMBER not in everywhere()


def test_what_an_ended_turn_left_open_is_noted_with_tokens(ordered: Site) -> None:
    case = {"email": "⟦email:1⟧", "subject": "s", "body": "b", "priority": "low"}
    done = Reply(text="Done.", intent=Intent.SMALLTALK)
    play = play_with((Scripted([Reply(calls=(ToolCall("x", "create_ticket", json.dumps(case)),)), done]),))
    play.say(f"Please write to {MAIL}")
    play.answer()
    with db.transaction() as session:
        session.execute(text("UPDATE tool_runs SET status = 'intended', output = NULL"))
        session.execute(text("UPDATE turns SET ended_at = now() - interval '1 hour'"))
    with db.transaction() as session:
        assert reconcile(session) == 1
    assert MAIL not in everywhere(but=("tickets", "visitors"))


def test_erasing_a_conversation_erases_what_it_put_away(ordered: Site) -> None:
    play = play_with((Scripted([]),))
    play.say(f"I am {MAIL}")
    with db.transaction() as session:
        session.delete(session.get_one(Thread, UUID(str(play.thread))))
    with db.transaction() as session:
        assert session.scalars(text("SELECT count(*) FROM tokens")).one() == 0
