"""Whole turns, with the built-in brain and the real search, on what is hardly a question: one reply, and no claim."""

from pathlib import Path

import pytest

from brain.extractive import Extractive
from core import db
from core.models import Site
from kb.documents.indexer import index_all
from kb.documents.registering import register_folder
from kb.sources.source import find_sources
from tests.kb.samples import write
from tests.orchestrator.test_turn import play_with, shop

__all__ = ["shop"]

SHIPPING = "# Shipping\n\nShipping to Norway costs 14.95 and takes five working days."
QUERIES = {
    "stop words": "what is the of and",
    "one letter": "x",
    "emoji": "💶👟🏔️",
    "SQL": "'); DROP TABLE sites; --",
    "regular expression": "(?:(a+)+)+$",
    "Arabic, right to left": "\u202eمن فاز بكأس العالم؟\u202c",
    "Chinese": "谁赢得了世界杯足球赛?",
    "long": "zq " * 1_000,
}


@pytest.mark.parametrize("words", QUERIES.values(), ids=QUERIES)
def test_what_is_hardly_a_question_ends_in_one_reply_without_a_claim(shop: Site, tmp_path: Path, words: str) -> None:
    with db.transaction() as session:
        register_folder(session, site_id=shop.id, folder=find_sources(str(write(tmp_path, shipping=SHIPPING))))
    index_all(shop.id, lambda *_: None)
    play = play_with((Extractive(),))
    play.say(words)
    message = play.answer()
    assert message.content
    assert "14.95" not in message.content
    assert play.turn().outcome in {"abstained", "handed_off", "ticketed"}
