"""`/rag/query`: the key is the site's own, and the answer comes from a real turn."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db
from core.embedded import Addresses
from core.errors import ApiKeyInvalid
from core.models import Message, Site, Turn
from core.settings import Settings, get_settings
from kb.chunks.chunker import document_text
from kb.documents.indexer import index_all
from kb.documents.registering import register_folder
from kb.loaders import load
from kb.sources.source import find_sources
from orchestrator.turn import take_turn
from tests.conftest import SITE
from tests.kb.samples import write
from tests.web.live import Live, serving
from tools.catalog import TOOLS
from web.commands import sites
from web.keys import DEMO_KEY, check_key, hash_key

KEY = "hr_the-key-of-the-test-site"


def site_with(key: str) -> Site:
    return Site(id=SITE, name="Test", api_key_hash=hash_key(key), tools=[])


def test_only_the_sites_own_key_fits() -> None:
    check_key(Settings(profile="test"), site_with(KEY), KEY)
    for wrong in ("", KEY[:-1], KEY + "x", "ä", "\ud800"):
        with pytest.raises(ApiKeyInvalid):
            check_key(Settings(profile="test"), site_with(KEY), wrong)


def test_the_demo_key_fits_in_the_demo_alone() -> None:
    check_key(Settings(profile="demo"), site_with(DEMO_KEY), DEMO_KEY)
    for profile in ("production", "test"):
        with pytest.raises(ApiKeyInvalid):
            check_key(Settings(profile=profile), site_with(DEMO_KEY), DEMO_KEY)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"site_id": SITE, "question": "Hi"}, (401, "ApiKeyInvalid")),
        ({"site_id": SITE, "question": "Hi", "api_key": "wrong"}, (401, "ApiKeyInvalid")),
        ({"site_id": "nobody", "question": "Hi", "api_key": "x"}, (404, "SiteNotFound")),
        ({"site_id": SITE, "question": "Hi", "api_key": "x", "k": 9}, (422, "BadRequest")),
        ({"site_id": SITE, "api_key": "x"}, (422, "BadRequest")),
    ],
)
def test_bad_queries_are_refused(client: TestClient, body: dict[str, object], expected: tuple[int, str]) -> None:
    response = client.post("/rag/query", json=body)
    assert (response.status_code, response.json()["error"]) == expected


def test_a_question_that_is_no_text_is_refused(client: TestClient, session: Session) -> None:
    session.get_one(Site, SITE).api_key_hash = hash_key(KEY)
    session.commit()
    response = client.post("/rag/query", json={"site_id": SITE, "question": " "}, headers={"X-API-Key": KEY})
    assert (response.status_code, response.json()["error"]) == (422, "MessageEmpty")


@pytest.fixture
def live(committed: Addresses) -> Iterator[Live]:
    with serving(get_settings()) as running:
        with db.transaction() as session:
            session.get_one(Site, SITE).api_key_hash = hash_key(KEY)
        yield running


def answered(live: Live, question: str) -> dict[str, Any]:
    """What /rag/query says, while a turn is taken in this thread."""
    answers: list[httpx2.Response] = []

    def ask() -> None:
        body = {"site_id": SITE, "question": question}
        answers.append(live.client.post("/rag/query", json=body, headers={"X-API-Key": KEY}, timeout=60))

    asking = threading.Thread(target=ask)
    asking.start()
    take_turn(_thread_of_the_open_turn())
    asking.join(timeout=60)
    body: dict[str, Any] = answers[0].json()
    assert answers[0].status_code == 200, body
    return body


def test_the_answer_is_that_of_a_real_turn(live: Live) -> None:
    body = answered(live, "Do you deliver to Norway?")
    with db.transaction() as session:
        said = session.scalars(select(Message).where(Message.role == "agent")).one()
    assert body == {"answer": said.content, "hits": [], "citations": said.citations}


def test_hits_and_citations_say_where_in_the_document_they_stand(live: Live, tmp_path: Path) -> None:
    words = (
        "# Delivery\n\nWe deliver to Norway.\n\n## Prices\n\n" + "Delivery is prompt. " * 20,
        "It costs 14.90 EUR.",
    )
    write(tmp_path, delivery="".join(words))
    (tmp_path / "index.yaml").write_text("delivery.md: {url: 'https://shop.example/delivery', title: Delivery}")
    whole = document_text(load("".join(words).encode(), "delivery.md").blocks)
    with db.transaction() as session:
        register_folder(session, site_id=SITE, folder=find_sources(str(tmp_path)))
    index_all(SITE, lambda _, __: None)
    body = answered(live, "What does delivery to Norway cost in EUR?")
    assert body["hits"], body
    assert body["citations"], body
    for found in (*body["hits"], *body["citations"]):
        assert whole[found["start"] : found["end"]] == found["quote"]
        assert found["link"].startswith("https://shop.example/delivery#:~:text=")
        assert found["page"] is None


def _thread_of_the_open_turn() -> UUID:
    for _ in range(1000):
        with db.transaction() as session:
            found = session.scalar(select(Turn.thread_id).where(Turn.ended_at.is_(None)))
        if found:
            return found
        threading.Event().wait(0.02)
    raise AssertionError("the question never became a turn")


def test_a_new_site_gets_every_tool_there_is() -> None:
    assert tuple(tool.name for tool in TOOLS) == sites.TOOLS
