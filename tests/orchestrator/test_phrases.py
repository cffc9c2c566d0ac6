"""Our own phrases: complete in every language, and said in the conversation's."""

import json
import string
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Message, Site, Thread, Turn
from core.privacy.cleaning import MARKS
from orchestrator import inbox
from orchestrator.events import Phrase
from orchestrator.phrases import ENGLISH, LANGUAGES, phrased, removed, words
from orchestrator.replay import replay
from orchestrator.turn import take_turn

WIDGET = Path("wp-widget/assets/chat/strings")
CARD = "Meine Kartennummer ist 4111 1111 1111 1111, bitte helfen Sie mir mit der Bestellung."


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_language_has_every_phrase_with_the_same_holes(language: str) -> None:
    english, theirs = LANGUAGES[ENGLISH], LANGUAGES[language]
    assert list(theirs) == list(english)
    assert {name: holes(said) for name, said in theirs.items()} == {name: holes(said) for name, said in english.items()}
    assert language == ENGLISH or all(theirs[name] != english[name] for name in english)


def test_every_phrase_and_kind_of_secret_has_words() -> None:
    assert {phrase.value for phrase in Phrase} | set(MARKS) <= set(LANGUAGES[ENGLISH])


def test_the_widgets_languages_are_all_there() -> None:
    assert {file.stem for file in WIDGET.glob("*.json")} <= set(LANGUAGES)


def test_a_language_that_we_do_not_have_is_english() -> None:
    for unknown in ("", "tlh", "de-AT"):
        assert phrased("cannot_help", unknown) == LANGUAGES[ENGLISH]["cannot_help"]
    assert words(Phrase.NOT_CERTAIN, 7, address_known=False, language="fr").endswith("vous joindre.")
    assert removed(("card", "iban", "card"), "es").count(" y ") == 1


def test_what_was_removed_is_told_in_the_visitors_language(session: Session, site: Site) -> None:
    thread = inbox.open_thread(session, site.id, "web")
    inbox.accept(session, thread, CARD, "m1")
    told = session.scalars(select(Message.content).where(Message.role == "system")).one()
    assert told == removed(("card",), "de")


def test_a_refusal_is_in_the_visitors_language_and_replays_to_the_byte(session: Session, site: Site) -> None:
    thread = inbox.open_thread(session, site.id, "web")
    inbox.accept(session, thread, "Ihr seid alle so ein verdammter Haufen Idioten, du bist ein Arschloch", "m1")
    session.commit()
    take_turn(thread.id)
    turn = session.scalars(select(Turn).where(Turn.thread_id == thread.id)).one()
    said = session.scalars(select(Message.content).where(Message.turn_id == turn.id, Message.role != "visitor")).all()
    assert said == [LANGUAGES["de"]["cannot_help"]]
    assert replay(session, turn.id) is None


def test_a_language_that_is_known_later_does_not_change_what_was_said(session: Session, site: Site) -> None:
    thread = inbox.open_thread(session, site.id, "web")
    inbox.accept(session, thread, "fuck you", "m1")
    session.commit()
    take_turn(thread.id)
    session.get_one(Thread, thread.id).language = "es"
    session.commit()
    turn = session.scalars(select(Turn).where(Turn.thread_id == thread.id)).one()
    assert replay(session, turn.id) is None


def test_the_file_is_plain_json_compatible_text() -> None:
    assert json.loads(json.dumps(LANGUAGES, ensure_ascii=False)) == LANGUAGES
