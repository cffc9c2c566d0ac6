"""The path of a post: a signed event comes in, is carried out, the post is read and answers; trashed, it does not."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from core.db import transaction
from core.embedded import Addresses
from core.settings import get_settings
from kb.documents.indexer import index_all
from kb.search.hybrid import search
from tests.conftest import SITE, make_site
from tests.kb.web_site import WebSite, web_site
from tests.web.wordpress import SECRET, event, signed
from web.app import make_app
from web.webhooks.carrying import carry_out

PATH = "/wp-json/wp/v2/pages/42"


@pytest.fixture
def wordpress(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebSite]:
    monkeypatch.setenv("HANDRAIL_FETCH_PRIVATE_HOSTS", '["127.0.0.1"]')
    get_settings.cache_clear()
    with web_site() as site:
        yield site
    get_settings.cache_clear()


@pytest.fixture
def doors(committed: Addresses, wordpress: WebSite) -> Iterator[TestClient]:
    with transaction() as session:
        site = make_site(session)
        site.webhook_secret, site.wordpress_url = SECRET, wordpress.url
    with TestClient(make_app(get_settings())) as opened:
        yield opened


def publish(wordpress: WebSite, text: str) -> None:
    body = {"status": "publish", "title": {"rendered": "Kayaks"}, "content": {"rendered": f"<p>{text}</p>"}}
    wordpress.page(PATH, json.dumps(body | {"link": f"{wordpress.url}/kayaks/"}), "application/json")


def told(doors: TestClient, wordpress: WebSite, name: str, at: int) -> str:
    """Send an event, carry out what waits, index what is due."""
    data = {"rest_url": wordpress.url + PATH, "link": f"{wordpress.url}/kayaks/"}
    raw, headers = signed(event(name, occurred_at=f"2026-11-22T12:{at:02}:00Z", data=data))
    answer = doors.post("/webhooks/wordpress", content=raw, headers=headers)
    assert answer.status_code == 202
    carry_out()
    index_all(SITE, lambda _, __: None)
    return str(doors.get(f"/webhooks/wordpress/{answer.json()['id']}").json()["state"])


def found(question: str) -> list[str]:
    with transaction() as session:
        snippets = search(session, site_id=SITE, channel="web", query=question).snippets
    return [f"{one.url} {one.text}" for one in snippets]


def test_published_it_answers_edited_it_answers_anew_and_trashed_it_does_not(
    doors: TestClient, wordpress: WebSite
) -> None:
    publish(wordpress, "A kayak costs 35 euros a day.")
    assert told(doors, wordpress, "post.published", 1) == "done"
    [first] = found("how much is a kayak")
    assert first.startswith(f"{wordpress.url}/kayaks/")
    assert "35 euros" in first
    publish(wordpress, "A kayak costs 40 euros a day.")
    assert told(doors, wordpress, "post.updated", 2) == "done"
    [second] = found("how much is a kayak")
    assert "40 euros" in second
    assert told(doors, wordpress, "post.trashed", 4) == "done"
    assert found("how much is a kayak") == []
    assert told(doors, wordpress, "post.updated", 3) == "ignored"
    assert found("how much is a kayak") == []
