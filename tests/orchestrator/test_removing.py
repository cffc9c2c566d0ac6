"""What a visitor pastes and nobody needs is nowhere afterwards, and the turn still replays to the byte."""

import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from brain.client import Intent, Reply, ToolCall
from brain.scripted import Scripted
from core import bus, db
from core.embedded import Addresses
from core.models import Site, Thread
from core.privacy.cleaning import MARKS, PART
from orchestrator import inbox
from orchestrator.evidence import Evidence, Snippet
from orchestrator.guards import pii
from orchestrator.guards.draft import DraftText
from tests.orchestrator.test_turn import ANSWER, SEARCH, Hand, Play, play_with, shop

__all__ = ["shop"]

CARD = "4111 1111 1111 1111"
IBAN = "DE89 3704 0044 0532 0130 00"
HELLO = Reply(text="How can I help?", intent=Intent.CLARIFY)


def everything(play: Play) -> str:
    """Every row of every table, and the thread's stream."""
    with db.transaction() as session:
        tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")).all()
        rows = [session.execute(text(f'SELECT t::text FROM "{table}" t')).scalars().all() for table in tables]  # noqa: S608
    return "\n".join(row for table in rows for row in table) + json.dumps(play.news())


def said(play: Play, role: str) -> list[str]:
    with db.transaction() as session:
        query = text("SELECT content FROM messages WHERE thread_id = :id AND role = :role ORDER BY position")
        return list(session.scalars(query, {"id": play.thread, "role": role}))


def test_a_card_is_nowhere_and_the_visitor_is_told(shop: Site) -> None:
    brain = Scripted([SEARCH, ANSWER])
    play = play_with((brain,), (Hand().tool(),))
    play.say(f"My card {CARD} was charged twice, how long can I return it?")
    play.answer()
    assert said(play, "visitor") == [f"My card {MARKS['card']} was charged twice, how long can I return it?"]
    assert "a card number was removed" in said(play, "system")[0]
    assert "4111" not in everything(play)
    assert all("4111" not in line.text for ask in brain.asked for line in ask.memory)
    assert play.turn().outcome == "answered"  # and replays


def test_the_halves_of_a_number_go_both_and_both_turns_replay(shop: Site) -> None:
    brain = Scripted([HELLO, SEARCH, ANSWER])
    play = play_with((brain,), (Hand().tool(),))
    play.say("my card is 4111 2222")
    play.answer()
    first = play.turn()
    play.say("3333 4444, sorry")  # does not pass Luhn
    assert said(play, "visitor")[0] == "my card is 4111 2222"
    play.answer()
    assert play.turn().id != first.id

    other = play_with((Scripted([HELLO, SEARCH, ANSWER]),), (Hand().tool(),))
    other.say("it is 4111 1111 and")
    other.answer()
    earlier = other.turn()
    other.say("then 1111 1111")
    assert said(other, "visitor") == [f"it is {PART} and", f"then {MARKS['card']}"]
    other.answer()
    assert other.turn().id != earlier.id
    assert "4111 1111" not in everything(other)


def test_a_ticket_that_was_opened_between_the_halves_forgets_its_half(shop: Site) -> None:
    play = play_with((Scripted([]),))
    play.say("it is 4111 1111 and")
    play.answer()  # the brain is down: a ticket
    play.say("then 1111 1111")
    assert "4111 1111" not in everything(play)
    assert PART in everything(play)


def test_a_number_that_comes_digit_by_digit_goes_as_well(shop: Site) -> None:
    play = play_with((Scripted([]),))
    for digit in "4242424242424242":
        play.say(digit)
    assert said(play, "visitor") == [PART] * 15 + [MARKS["card"]]


def test_what_a_visitor_says_of_a_handoff_is_cleaned(shop: Site) -> None:
    play = play_with((Scripted([]),))
    with db.transaction() as session:
        inbox.call_person(session, session.get_one(Thread, play.thread), f"Refund to {IBAN}")
    assert "DE89" not in everything(play)


def test_a_model_that_makes_one_up_opens_a_clean_ticket_and_is_not_heard(shop: Site) -> None:
    case = json.dumps({"email": "a@b.example", "subject": f"Pay {CARD}", "body": f"To {IBAN}", "priority": "low"})
    shown = Reply(text=f"Pay to {IBAN}.", intent=Intent.SMALLTALK)
    brain = Scripted([Reply(calls=(ToolCall("x", "create_ticket", case),)), shown, shown])
    play = play_with((brain,))
    play.say("Help, and write to a@b.example")
    play.answer()
    with db.transaction() as session:
        subject, body = session.execute(text("SELECT subject, body FROM tickets")).one()
    assert (subject, body) == (f"Pay {MARKS['card']}", f"To {MARKS['iban']}")
    assert all("DE89" not in line for line in said(play, "agent"))


@pytest.mark.parametrize("given", [f"Pay to {IBAN}", f"card {CARD}"])
def test_staff_cannot_send_one_either(given: str) -> None:
    assert "removed]" in inbox.checked(given)


def test_an_answer_may_quote_the_account_that_the_site_publishes() -> None:
    page = Snippet("c1", "d1", "Paying", "", "/pay/", "Transfer to DE89370400440532013000 please.")
    draft = DraftText(f"Transfer it to {IBAN} [c1].", "answer")
    assert pii.check(draft, Evidence({"c1": page})).passed
    refused = pii.check(draft, Evidence(visitor=IBAN))
    assert not refused.passed
    assert "0130" not in refused.reason


def test_a_message_that_is_forgotten_leaves_the_stream_and_nothing_else_does(servers: Addresses) -> None:
    thread, one, other = uuid4(), uuid4(), uuid4()
    bus.publish(thread, "message", id=str(one), content="4111")
    bus.publish(thread, "message", id=str(other), content="hello")
    bus.forget_message(thread, one)
    bus.forget_message(thread, uuid4())
    rows: Any = bus.client().xrange(bus.stream_key(thread))
    assert [json.loads(row["data"])["id"] for _, row in rows] == [str(other)]
