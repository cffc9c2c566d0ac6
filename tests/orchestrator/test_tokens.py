"""What a visitor writes of how to reach them becomes a token, the same one each time, and stands nowhere else."""

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Message, Site, Thread, Token, Visitor
from orchestrator import inbox, tokens
from orchestrator.messages import say
from tools.tickets import open_ticket

MAIL = "priya.nandakumar@example.com"


@pytest.fixture
def thread(session: Session, site: Site) -> Thread:
    return inbox.open_thread(session, site.id, "web")


def put(session: Session, thread: Thread, text: str) -> str:
    return tokens.put_away(session, thread.id, text)


def said(session: Session, thread_id: UUID, role: str = "visitor") -> list[str]:
    wanted = select(Message.content).where(Message.thread_id == thread_id, Message.role == role)
    return list(session.scalars(wanted.order_by(Message.position)))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (f"where is my order 10231? {MAIL}", "where is my order ⟦order:1⟧? ⟦email:1⟧"),
        ("call me at +44 20 7946 0123 please", "call me at ⟦phone:1⟧ please"),
        ("jane (at) example (dot) com", "⟦email:1⟧"),
        ("my e-mail is jane%40example.com", "my e-mail is ⟦email:1⟧"),
        ("Bestellung １０２３１ fehlt", "Bestellung ⟦order:1⟧ fehlt"),
        ("commande n° 40212, où est-elle ?", "commande n° ⟦order:1⟧, où est-elle ?"),
        (f"{MAIL} 10231", "⟦email:1⟧ ⟦order:1⟧"),
        ("10231 is my order, where is it", "⟦order:1⟧ is my order, where is it"),
        (f"{MAIL} or {MAIL.title()}, not other@example.com", "⟦email:1⟧ or ⟦email:1⟧, not ⟦email:2⟧"),
        # nothing personal
        ("can I order 500 pieces?", "can I order 500 pieces?"),
        ("is the tent 2024 waterproof to 3000 mm?", "is the tent 2024 waterproof to 3000 mm?"),
        ("order 100 m of rope", "order 100 m of rope"),
        (f"ticket 1042 of 2024, {MAIL}", "ticket 1042 of 2024, ⟦email:1⟧"),
        ("⟦x⟧ is maths", "⟦x⟧ is maths"),
        # typed by hand: nothing that would be opened
        ("what is ⟦email:1⟧ and ⟦order:12⟧?", "what is [email:1] and [order:12]?"),
        (f"⟦email:{MAIL}⟧", "⟦email:⟦email:1⟧⟧"),
    ],
)
def test_what_becomes_a_token(session: Session, thread: Thread, written: str, kept: str) -> None:
    assert put(session, thread, written) == kept


def test_the_visitor_reads_their_own_words(session: Session, thread: Thread) -> None:
    written = f"Order １０２３１ for {MAIL}, phone +44 20 7946 0123"
    kept = put(session, thread, written)
    assert MAIL not in kept
    assert tokens.opened(session, thread.id, kept) == written


def test_the_same_value_is_the_same_token_in_one_conversation_and_another_one_elsewhere(
    session: Session, site: Site, thread: Thread
) -> None:
    other = inbox.open_thread(session, site.id, "web")
    put(session, other, "first@example.com")
    assert put(session, thread, MAIL) == "⟦email:1⟧"
    assert put(session, thread, MAIL.upper()) == "⟦email:1⟧"
    assert put(session, other, MAIL) == "⟦email:2⟧"
    assert tokens.opened(session, other.id, "⟦email:1⟧") == "first@example.com"


def test_nothing_of_another_conversation_is_opened(session: Session, site: Site, thread: Thread) -> None:
    put(session, thread, MAIL)
    other = inbox.open_thread(session, site.id, "web")
    assert tokens.opened(session, other.id, "⟦email:1⟧ ⟦phone:7⟧") == "[email 1] [phone 7]"


def test_many_are_opened_in_one_question_each_in_its_own_conversation(
    session: Session, site: Site, thread: Thread
) -> None:
    other = inbox.open_thread(session, site.id, "web")
    put(session, thread, "one@example.com")
    put(session, other, "two@example.com")
    pairs = [(thread.id, "⟦email:1⟧"), (other.id, "⟦email:1⟧"), (thread.id, "none")]
    assert tokens.opened_all(session, pairs) == ["one@example.com", "two@example.com", "none"]


@pytest.mark.parametrize(
    "asked",
    ["Could you give me the order number?", "Wie lautet die Bestellnummer?", "Quel est le numéro de commande ?"],
)
def test_a_bare_number_is_an_orders_where_one_was_asked_for(session: Session, thread: Thread, asked: str) -> None:
    assert put(session, thread, "5551234567") == "5551234567"
    say(session, thread.id, "agent", asked)
    assert put(session, thread, "5551234567, thanks") == "⟦order:1⟧, thanks"
    say(session, thread.id, "agent", "How tall are you?")
    assert put(session, thread, "1830 mm or 1831") == "1830 mm or 1831"


def test_nobody_fills_the_table(session: Session, thread: Thread) -> None:
    kept = put(session, thread, " ".join(f"a{n}@example.com" for n in range(tokens.MOST + 50)))
    assert kept.endswith("⟦email:200⟧" + " ⟦email:201⟧" * 50)
    assert len(session.scalars(select(Token.n)).all()) == tokens.MOST
    assert put(session, thread, "a0@example.com b@example.com") == "⟦email:1⟧ ⟦email:201⟧"
    assert tokens.opened(session, thread.id, "⟦email:200⟧ ⟦email:201⟧") == "a199@example.com [email 201]"


def test_staff_may_repeat_what_was_put_away_and_nothing_else_is(session: Session, thread: Thread) -> None:
    put(session, thread, f"{MAIL}, order 10231")
    words = f"I wrote to {MAIL}, not to help@shop.example, of order 10231. [order 1] is [order 2]."
    kept = tokens.hidden(session, thread.id, words)
    assert kept == "I wrote to ⟦email:1⟧, not to help@shop.example, of order ⟦order:1⟧. ⟦order:1⟧ is [order 2]."


@pytest.mark.parametrize(
    ("words", "rest"),
    [(MAIL.upper(), ""), ("10231", ""), ("#10231 late", "late"), ("order 10231", "order"), (f"10231 {MAIL}", "")],
)
def test_a_search_finds_what_was_put_away(session: Session, thread: Thread, words: str, rest: str) -> None:
    put(session, thread, f"my order 10231, {MAIL}")
    known = set(session.scalars(select(Token.value_hash)))
    hashes, left = tokens.sought(words)
    assert left == rest
    assert hashes
    assert all(one & known for one in hashes)


def test_plain_words_are_no_address(session: Session) -> None:
    assert tokens.sought("wet tent 12") == ((), "wet tent 12")


def test_a_message_is_stored_with_tokens_and_its_language_is_told_by_its_own_words(
    session: Session, thread: Thread
) -> None:
    inbox.accept(session, thread, f"Wo ist meine Bestellung 10231? {MAIL}", "1")
    assert said(session, thread.id) == ["Wo ist meine Bestellung ⟦order:1⟧? ⟦email:1⟧"]
    assert session.get_one(Thread, thread.id, populate_existing=True).language == "de"


def test_an_address_still_completes_a_ticket(session: Session, thread: Thread, site: Site) -> None:
    ticket = open_ticket(
        session, key="k", site_id=site.id, thread_id=thread.id, email=None, subject="s", body="b", priority="normal"
    )
    inbox.accept(session, thread, "it is jane (at) example.com", "1")
    assert ticket.email == "jane@example.com"
    assert session.get_one(Visitor, thread.visitor_id).contact_email == "jane@example.com"


def test_why_a_person_is_wanted_is_kept_with_tokens(session: Session, thread: Thread) -> None:
    inbox.call_person(session, thread, f"Write to {MAIL}")
    assert session.scalars(select(Token.value)).all() == [MAIL]
