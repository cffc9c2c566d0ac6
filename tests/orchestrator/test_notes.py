"""What staff tell each other, and no visitor and no brain ever reads."""

import pytest
from sqlalchemy import select

from brain.client import Intent, Reply
from brain.scripted import Scripted
from core import db
from core.models import Message, Note, Site
from orchestrator import desk, notes
from orchestrator.people import Person, operator
from tests.orchestrator.staff import hire
from tests.orchestrator.test_turn import Play, play_with, shop

__all__ = ["shop"]  # a fixture

SECRET = "He is the owner's brother."
HELLO = Reply(text="Hello!", intent=Intent.SMALLTALK)


@pytest.fixture
def play(shop: Site) -> Play:
    return play_with((Scripted([HELLO]),))


def test_no_visitor_and_no_brain_reads_a_note(play: Play) -> None:
    with db.transaction() as opened:
        desk.note(opened, play.thread, hire("Ana"), SECRET)
    play.say("Hi")
    play.answer()
    assert SECRET not in str(play.news())
    assert SECRET not in repr(play.world.brains[0].asked)  # type: ignore[attr-defined]
    with db.transaction() as opened:
        assert SECRET not in str(opened.scalars(select(Message.content)).all())
        note = opened.scalars(select(Note)).one()
        assert (note.author, note.content, note.source) == ("Ana", SECRET, "desk")


def test_what_comes_from_slack_is_kept_once_changed_and_withdrawn(play: Play) -> None:
    someone = Person(None, "Pat", "slack:U7")  # anybody in the channel: it stands there already
    for _ in range(2):
        with db.transaction() as session:
            notes.note(session, play.thread, someone, "Frist", source="slack", source_id="slack:C1:1.2")
    with db.transaction() as session:
        assert notes.change(session, "slack:C1:1.2", "First")
        assert not notes.change(session, "slack:C1:9.9", "Unknown")
    with db.transaction() as session:
        note = session.scalars(select(Note)).one()
        assert (note.content, note.edited_at is not None) == ("First", True)
    with db.transaction() as session:
        assert notes.withdraw(session, "slack:C1:1.2")
    with db.transaction() as session:
        assert not notes.withdraw(session, "slack:C1:1.2")
        note = session.scalars(select(Note)).one()
        assert (note.content, note.deleted_at is not None) == ("", True)


def test_the_same_id_is_one_note(play: Play) -> None:
    with db.transaction() as session:
        first = notes.note(session, play.thread, operator("root"), "One", source="slack", source_id="slack:C1:1.2")
        assert (
            notes.note(session, play.thread, operator("root"), "Two", source="slack", source_id="slack:C1:1.2") == first
        )
