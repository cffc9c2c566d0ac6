"""Visitor, bot and two of the staff at once: sixty rounds break no promise, and a broken one would be found."""

from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from core import bus, db
from core.models import Message, Thread, Visitor
from ops.race import verdict
from ops.race.acts import Table
from ops.race.moody import INTERNAL
from ops.race.run import run_races
from orchestrator.messages import say
from tests.conftest import SITE, make_site

ROUNDS = 60  # `make race` plays a thousand
JOINED = "Ana has joined the conversation."
RETURNED = "The assistant answers again."


@pytest.mark.usefixtures("committed")
def test_whoever_acts_at_once_no_promise_is_broken() -> None:
    figures = run_races(ROUNDS)
    print(figures)
    assert figures.faults == []
    assert figures.counts["first claims won"] >= ROUNDS / 2, "of two who claim at once one wins"
    for what in ("reply", "return", "take", "note", "erase", "nobody came or answered"):
        assert figures.counts[what], f"{what}: it would prove little without"
    assert figures.counts["turns that a claim silenced"]


Said = tuple[str, str, str]  # role, words, author


@pytest.fixture
def table(session: Session) -> Table:
    make_site(session)
    visitor = Visitor(id=uuid4(), site_id=SITE)
    thread = Thread(id=uuid4(), site_id=SITE, visitor_id=visitor.id, channel="web", status="bot")
    session.add(visitor)
    session.flush()
    session.add(thread)
    session.flush()
    return Table(SITE, thread.id, visitor.id, 0, said=["Hi"])


@pytest.mark.parametrize(
    ("said", "finds"),
    [
        ([("visitor", "Hi", ""), ("agent", "Hello.", "")], ""),
        (
            [("visitor", "Hi", ""), ("system", JOINED, ""), ("agent", "Hello.", "")],
            "the bot spoke while a person had it",
        ),
        ([("visitor", "Hi", ""), ("system", JOINED, ""), ("system", RETURNED, ""), ("agent", "Hello.", "")], ""),
        ([("visitor", "Hi", ""), ("staff", "Me!", "Ana")], "staff spoke without having it"),
        ([("visitor", "Ho", ""), ("agent", "Hello.", "")], "visitor said"),
        ([("visitor", "Hi", "")], "nobody answers 'Hi'"),
        ([("visitor", "Hi", ""), ("agent", f"{INTERNAL} of Ana", "")], "internal in"),
    ],
)
def test_a_broken_promise_is_found(session: Session, table: Table, said: list[Said], finds: str) -> None:
    for role, words, author in said:
        with db.transaction() as opened:
            say(opened, table.thread_id, role, words, author=author)
    found = verdict.judge(session, table)
    assert [line for line in found if finds in line] if finds else found == []


def test_what_a_listener_was_told_is_looked_through_too(session: Session, table: Table) -> None:
    for role, words in (("visitor", "Hi"), ("system", JOINED), ("agent", "Hello.")):
        with db.transaction() as opened:
            say(opened, table.thread_id, role, words)
    bus.publish(table.thread_id, "sentence", turn_id=str(uuid4()), n=0, text="Hello.", citations=[])
    bus.publish(table.thread_id, "state", state=INTERNAL)
    newest: Message = session.query(Message).filter_by(role="agent").one()
    bus.publish(table.thread_id, "message", id=str(newest.id), role="agent", content="Hello.")
    found = "\n".join(verdict.judge(session, table))
    assert "a listener was shown a sentence of the bot after a claim: 'Hello.'" in found
    assert "internal in state" in found
    assert f"message {newest.id} was told 2 times" in found
