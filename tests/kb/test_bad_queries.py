"""Queries that nobody should send, and somebody does: no error, and no trust in what they find."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from core.models import Site
from kb.documents.indexer import index_all
from kb.documents.registering import register_folder
from kb.embeddings.embedder import get_embedder
from kb.search.answerable import LIMIT
from kb.search.hybrid import Found, search
from kb.sources.source import find_sources
from tests.kb.samples import write

SHIPPING = """# Shipping

Shipping to Norway costs 14.95 and takes five working days. Shipping to Germany costs 10.25.

Parcels worth more than 150 need a signature."""
RETURNS = "# Returns\n\nYou have sixty days to send something back, unused and with its tags."
HOURS = "# Opening hours\n\nThe shop in Leith is open from 9:30 to 17:30. It is closed on Tuesdays."
ENVIO = """# Envíos

El envío a Noruega cuesta 14,95 y tarda cinco días laborables. El envío a Alemania cuesta 10,25."""

UNREADABLE = {
    "empty": "",
    "white space": " \t\r\n\u00a0\u3000",
    "one letter": "x",
    "one digit": "7",
    "stop words alone": "what is the of and to be",
    "punctuation": "?!… --- ;;; ()",
    "emoji": "💶👟🏔️👩‍🦽",
    "combining marks": "\u0301\u0302\u0303" * 50,
    "right-to-left marks": "\u202e\u200f\u2067\u200e",
    "NUL": "\x00\x00",
    "surrogates": "\ud800 \udfff",
    "control characters": "\x01\x02\x1b[31m\x7f",
    "private use": "\ue000\uf8ff",
    "SQL": "'); DROP TABLE sites; --",
    "SQL wildcards": "%' OR '1'='1' /* _%_ */",
    "tsquery": "!:* & | <-> ((( 'a' | ",
    "regular expression": r"(?:(a+)+)+$ [^\W_]{999999} \p{L} .*",
    "array literal": '{"a","b\\"}',
    "template": "{{7*7}} ${7*7} %(query)s :query",
    "one word of 10,000 letters": "a" * 10_000,
    "10,000 characters of nothing": "zq " * 3_333,
    "10,000 digits": "9" * 10_000,
    "10,000 emoji": "💶" * 10_000,
}
ELSEWHERE = {
    "Arabic": "من فاز بكأس العالم عام ألف وتسعمئة؟",
    "Chinese": "谁赢得了世界杯足球赛?",
    "Japanese": "明日の天気はどうですか",
    "Russian": "Кто выиграл чемпионат мира?",
    "Spanish": "¿Quién ganó la copa del mundo?",
    "German": "Wer hat die Weltmeisterschaft gewonnen?",
    "French": "Qui a gagné la coupe du monde de football ?",
}


@pytest.fixture
def shop(session: Session, site: Site, tmp_path: Path) -> Site:
    """An English shop, indexed with the real model."""
    return indexed(session, site, write(tmp_path, shipping=SHIPPING, returns=RETURNS, hours=HOURS))


def indexed(session: Session, site: Site, folder: Path) -> Site:
    register_folder(session, site_id=site.id, folder=find_sources(str(folder)))
    session.commit()
    index_all(site.id, lambda *_: None, embedder=get_embedder())
    return site


def ask(session: Session, site: Site, query: str) -> Found:
    return search(session, site_id=site.id, channel="web", query=query)


def test_a_good_query_is_trusted(session: Session, shop: Site) -> None:
    """The rest of this file means nothing where nothing is trusted."""
    found = ask(session, shop, "how much is shipping to Norway")
    assert found.snippets[0].title == "Shipping"
    assert found.answerable > 0.5
    assert not found.reason


@pytest.mark.parametrize("query", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_question_is_not_answerable(session: Session, shop: Site, query: str) -> None:
    found = ask(session, shop, query)
    assert found.answerable < LIMIT
    assert found.reason


@pytest.mark.parametrize("query", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_question_about_something_else_in_another_language_is_not_answerable(
    session: Session, shop: Site, query: str
) -> None:
    found = ask(session, shop, query)
    assert found.answerable < LIMIT
    assert found.reason


def test_english_on_spanish_documents(session: Session, site: Site, tmp_path: Path) -> None:
    """A name leads to the right page, and what is about something else is not trusted."""
    spanish = indexed(session, site, write(tmp_path, envios=ENVIO))
    assert ask(session, spanish, "¿cuánto cuesta el envío a Noruega?").answerable > 0.5
    assert ask(session, spanish, "who won the football world cup").answerable < LIMIT


def test_a_question_after_10_000_characters_of_story_is_cut_and_searched(session: Session, shop: Site) -> None:
    found = ask(session, shop, "how much is shipping to Norway? " + "my uncle went up a hill " * 450)
    assert 0 <= found.answerable <= 1
    assert found.snippets[0].title == "Shipping"


def test_marks_between_the_letters_of_a_good_query_do_no_harm(session: Session, shop: Site) -> None:
    found = ask(session, shop, "\u202bhow much is shipping\x00 to Norway\u202c \ud83d")
    assert found.snippets[0].title == "Shipping"
    assert found.answerable > 0.5
