"""Whole conversations at rest: with a key nothing that was said can be read in the database, and all else works."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from brain.client import Intent, Reply, ToolCall
from brain.scripted import Scripted
from core import bus, db
from core.embedded import Addresses
from core.models import Handoff, Message, Note, Site, Ticket, ToolRun, metadata
from core.sealing import known
from core.sealing.keys import KeyMissing
from core.sealing.rotating import counts, rotate
from core.sealing.seal import SealBroken
from orchestrator import desk, notes
from orchestrator.erasing import erase_thread
from orchestrator.people import operator
from orchestrator.replay import ended_turns, replay
from tests.conftest import SITE, make_site
from tests.orchestrator.test_turn import ANSWER, Hand, Play, play_with
from tests.sealing import K1, K2, keys
from tools.catalog import TOOLS
from tools.create_ticket import TOOL as CREATE_TICKET
from web.desk.finding import Wanted, find

SAID = ("marmalade", "periscope", "walnuts", "gondola", "trombone", "lagoon")  # words of people, and of nobody else
ADA = operator("Ada")
TICKET = Reply(
    calls=(
        ToolCall(
            "t",
            "create_ticket",
            '{"email": "ada@shop.example", "subject": "A walnuts case", "body": "The gondola sank", "priority": "low"}',
        ),
    )
)
OPENED = Reply(text="I have opened a ticket about the gondola.", intent=Intent.SMALLTALK)
SEARCHED = Reply(calls=(ToolCall("x", "search_kb", '{"query": "marmalade periscope"}'),))


@pytest.fixture(autouse=True)
def no_key() -> Iterator[None]:
    """To begin with, also where the whole suite runs with one."""
    with keys():
        yield


@pytest.fixture
def shop(committed: Addresses) -> Iterator[Site]:
    """A site in the real, committing database, with one key."""
    with keys(K1), db.transaction() as session:
        made = make_site(session)
        known.register(session)
    with keys(K1):
        yield made


def converse() -> Play:
    """A search with an answer, a ticket, a handoff, a note, staff's words."""
    brain = Scripted([SEARCHED, ANSWER, TICKET, OPENED])
    play = play_with((brain,), (Hand().tool(), CREATE_TICKET))
    play.say("How long can I return the marmalade periscope?")
    play.answer()
    play.say("Open a ticket about the walnuts: ada@shop.example, the gondola sank.")
    play.answer()
    with db.transaction() as session:
        handoff = desk.take(session, play.thread, ADA)
        desk.reply(session, handoff.id, ADA, "We look after your trombone.")
        notes.note(session, play.thread, ADA, "They have a lagoon, too.", source="slack", source_id="slack:C1:1.2")
        notes.change(session, "slack:C1:1.2", "They have a lagoon, indeed.")
    return play


def dump() -> str:
    """Every row of every table as text, and all that Valkey holds."""
    with db.transaction() as session:
        rows = [
            str(row)
            for table in metadata.tables
            for row in session.scalars(text(f"SELECT row_to_json(each)::text FROM {table} AS each"))  # noqa: S608
        ]
    return "\n".join([*rows, *(str(bus.client().xrange(key)) for key in bus.client().scan_iter("thread:*"))])


def seen(where: str) -> set[str]:
    """The words of people that can be read there."""
    return {word for word in SAID if word in where.casefold()}


def by_key() -> dict[str, int]:
    """Texts by key."""
    with db.transaction() as session:
        found = counts(session)
    return {key: sum(of.get(key, 0) for of in found.values()) for of_all in found.values() for key in of_all}


def test_nothing_that_was_said_can_be_read_and_all_of_it_works(shop: Site) -> None:
    play = converse()
    assert seen(dump()) == set()
    assert set(by_key()) == {"k1"}
    with db.transaction() as session:
        said = session.scalars(select(Message.content).order_by(Message.position)).all()
        assert said[0] == "How long can I return the marmalade periscope?"
        assert "We look after your trombone." in said
        assert session.scalars(select(Note.content)).all() == ["They have a lagoon, indeed."]
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.subject, "gondola" in ticket.body) == ("A walnuts case", True)
        assert "walnuts" in str(session.scalars(select(ToolRun.arguments)).one())
        assert "periscope" in session.scalars(select(Handoff)).one().reason + str(play.news())
        turns = ended_turns(session)
        assert len(turns) == 2
        assert [replay(session, turn, play.world.tools) for turn in turns] == [None, None]


def test_without_a_key_the_same_words_can_be_read(committed: Addresses) -> None:
    with db.transaction() as session:
        make_site(session)
    converse()
    assert seen(dump()) == set(SAID), "or the test above could not fail"


def test_the_desk_finds_sealed_and_plain_words_and_shows_them(committed: Addresses) -> None:
    with db.transaction() as session:
        make_site(session)
    converse()
    with keys(K1):
        converse()
    with keys(K2, K1):
        converse()
        with db.transaction() as session:
            for words in ("periscope", "PERISCOPE marmalade", "return periscope"):
                assert len(find(session, [SITE], Wanted(words=words))) == 3, words
            assert not find(session, [SITE], Wanted(words="periscope teapot")), "all words count"
            rows = find(session, [SITE], Wanted(words="periscope"))
            assert {row.content for row in rows} == {"How long can I return the marmalade periscope?"}
            assert {row.content for row in find(session, [SITE], Wanted())} == {rows[0].content}
        rotate()
        with db.transaction() as session:
            assert len(find(session, [SITE], Wanted(words="periscope"))) == 3
    with keys(K2), db.transaction() as session:
        assert len(find(session, [SITE], Wanted(words="periscope"))) == 3


def test_a_text_that_was_moved_to_another_conversation_is_not_shown(shop: Site) -> None:
    first, second = converse(), converse()
    with db.transaction() as session:
        moved = session.execute(
            text("SELECT content FROM messages WHERE thread_id = :id ORDER BY position LIMIT 1"), {"id": first.thread}
        ).scalar_one()
        session.execute(
            text("UPDATE messages SET content = :moved WHERE thread_id = :id"), {"moved": moved, "id": second.thread}
        )
    with db.transaction() as session, pytest.raises(SealBroken):
        session.scalars(select(Message).where(Message.thread_id == second.thread)).all()
    with db.transaction() as session:
        assert session.scalars(select(Message).where(Message.thread_id == first.thread)).all()


def test_a_missing_key_is_named_and_nothing_is_written_over(shop: Site) -> None:
    play = converse()
    with db.transaction() as session:
        session.execute(update(Handoff).values(closed_at=text("now()")))
        session.execute(text("UPDATE threads SET status = 'bot', owner = NULL"))
    before = dump()
    with keys(K2), pytest.raises(KeyMissing, match="'k1'"):
        play.say("4111 1111")  # a number may have begun in what was said before
    with keys(), pytest.raises(KeyMissing, match="'k1'"), db.transaction() as session:
        session.scalars(select(Message)).all()
    with keys(K2), pytest.raises(KeyMissing, match="'k1'"):
        rotate()
    assert dump() == before


def test_the_halves_of_a_card_leave_what_is_sealed_and_its_copies(shop: Site) -> None:
    play = play_with((Scripted([OPENED] * 2),), TOOLS)
    with db.transaction() as session:
        desk.take(session, play.thread, ADA)
        session.add(
            Ticket(key="t", site_id=SITE, thread_id=play.thread, subject="it is 4111 1111", body="so: it is 4111 1111")
        )
    play.say("it is 4111 1111")
    play.say("1111 1111 and that was all")
    with db.transaction() as session:
        said = session.scalars(select(Message.content).where(Message.role == "visitor")).all()
        ticket = session.scalars(select(Ticket)).one()
        everything = " ".join([*said, ticket.subject, ticket.body])
        assert "4111" not in everything
        assert "1111" not in everything
        assert not find(session, [SITE], Wanted(words="4111")), "not even its hash is left"
    assert set(by_key()) == {"k1"}


def test_everything_is_sealed_with_a_new_key_while_visitors_write_on(shop: Site) -> None:
    plays = [converse() for _ in range(3)]
    stop = threading.Event()
    faults: list[BaseException] = []

    def write_on(play: Play) -> None:
        try:
            while not stop.is_set():
                play.say("And another lagoon.")
        except BaseException as error:  # noqa: BLE001 - told by the test
            faults.append(error)

    with keys(K2, K1):
        writers = [threading.Thread(target=write_on, args=(play,)) for play in plays]
        for writer in writers:
            writer.start()
        done = rotate()
        stop.set()
        for writer in writers:
            writer.join()
        assert faults == []
        assert (done.held, done.done > 50) == (0, True)
        assert rotate().done == 0, "those who wrote meanwhile sealed with the new one"
        assert set(by_key()) == {"k2"}
        with db.transaction() as session:
            assert [replay(session, turn, plays[0].world.tools) for turn in ended_turns(session)] == [None] * 6
    with keys(K2), db.transaction() as session:
        assert len(session.scalars(select(Message)).all()) > 9
        assert known.trouble(session) != [], "the old one is still expected"
    with keys():
        assert seen(dump()) == set()


def test_rows_that_somebody_holds_are_not_waited_for(shop: Site) -> None:
    play = converse()
    with keys(K2, K1):
        with db.transaction() as session:
            session.execute(text("SELECT FROM messages WHERE thread_id = :id FOR UPDATE"), {"id": play.thread})
            held = rotate(passes=1)
        assert held.held > 0
        assert rotate().held == 0
        assert set(by_key()) == {"k2"}


def test_plain_rows_are_sealed_and_sealed_ones_opened_again(committed: Addresses) -> None:
    with db.transaction() as session:
        make_site(session)
    converse()
    before, at_rest = contents(), dump()
    bus.client().flushdb()  # what it has is gone within the hour
    with keys(K1):
        rotate()
        assert seen(dump()) == set()
        assert set(by_key()) == {"k1"}
        assert contents() == before
    with keys("plain", K1):
        rotate()
    assert contents() == before, "without any key"
    assert set(by_key()) == {""}
    assert sorted(dump().splitlines()) == sorted(line for line in at_rest.splitlines() if line.startswith("{"))


def contents() -> list[Any]:
    """What was said, as it is read."""
    with db.transaction() as session:
        return list(session.scalars(select(Message.content).order_by(Message.position)))


def test_what_is_sealed_can_be_erased_also_without_its_key(shop: Site) -> None:
    play = converse()
    with keys(), db.transaction() as session:
        assert erase_thread(session, play.thread).messages == 6
    assert set(by_key()) == set()


def test_a_key_that_is_missing_or_mistaken_is_told_before_anything_is_kept(committed: Addresses) -> None:
    from core.errors import SettingsRefused
    from core.sealing.keys import make

    with keys(K1, K2), db.transaction() as session:
        known.register(session)
        known.register(session)
        assert [key.id for key in known.known(session)] == ["k1"], "nothing was sealed with the second one"
    with keys(K1), db.transaction() as session:
        assert known.trouble(session) == [], "so who does not have it yet is well"
    with keys(K2), db.transaction() as session:
        assert "'k1'" in " ".join(known.trouble(session))
    refused = pytest.raises(SettingsRefused, match="'k1', which HANDRAIL_ENCRYPTION_KEYS lacks")
    with keys(), refused, db.transaction() as session:
        known.register(session)
    with keys(make("k1")), db.transaction() as session:
        assert "is another one" in " ".join(known.trouble(session))
    with keys(), db.transaction() as session:
        known.find(session, "k1").given_up_at = datetime.now(UTC)
    with keys(), db.transaction() as session:
        assert known.trouble(session) == []
        assert known.lost(session) == ("k1",)
        with pytest.raises(known.KeyUnknown):
            known.find(session, str(uuid4()))


def test_what_a_lost_key_has_sealed_is_left_alone(shop: Site) -> None:
    converse()
    with keys(K2):
        converse()
        assert rotate(lost=("k1",)).held == 0
        assert set(by_key()) == {"k1", "k2"}
