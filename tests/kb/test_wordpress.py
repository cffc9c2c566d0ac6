"""Posts as WordPress' REST API gives them: what is published of them, and nothing around it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kb.errors import SourceGone
from kb.loaders import load
from kb.sources.fetch import Limits
from kb.sources.source import Source, read
from kb.sources.wordpress import NotAPost
from tests.kb.web_site import WebSite, web_site

PATH = "/wp-json/wp/v2/pages/42"
LIMITS = Limits(private_hosts=("127.0.0.1",))


@pytest.fixture
def shop() -> Iterator[WebSite]:
    with web_site() as site:
        yield site


def post(**more: Any) -> dict[str, Any]:
    return {
        "id": 42,
        "status": "publish",
        "link": "https://shop.example/returns/",
        "modified_gmt": "2026-11-01T10:00:00",
        "title": {"rendered": "Returns &amp; refunds"},
        "content": {"rendered": "<h2 id='days'>How long</h2><p>You have 60 days.</p>", "protected": False},
        "excerpt": {"rendered": "<p>In short.</p>"},
    } | more


def given(shop: WebSite, body: Any, **how: Any) -> Source:
    said = body if isinstance(body, str) else json.dumps(body)
    # WordPress says noindex of everything that its API gives.
    address = shop.page(PATH, said, "application/json", headers={"X-Robots-Tag": "noindex"}, **how)
    return Source("wordpress", "wordpress:page:42", address=address)


def test_a_post_is_read_with_its_title_headings_and_date(shop: WebSite) -> None:
    raw = read(given(shop, post()), LIMITS)
    loaded = load(raw.data, raw.name, raw.content_type)
    assert loaded.title == "Returns & refunds"
    assert [block.text for block in loaded.blocks] == ["Returns & refunds", "How long", "You have 60 days."]
    assert loaded.blocks[-1].anchor == "days"
    assert (raw.url, raw.changed_at) == ("https://shop.example/returns/", datetime(2026, 11, 1, 10, tzinfo=UTC))


def test_what_the_site_s_filter_adds_and_its_language_are_read(shop: WebSite) -> None:
    raw = read(given(shop, post(handrail={"text": "<p>Weight: 430 g</p>", "language": "de"})), LIMITS)
    loaded = load(raw.data, raw.name, raw.content_type)
    assert loaded.blocks[-1].text == "Weight: 430 g"
    assert loaded.language == "de"


def test_an_empty_content_leaves_the_excerpt(shop: WebSite) -> None:
    raw = read(given(shop, post(content={"rendered": " ", "protected": False})), LIMITS)
    assert "In short." in raw.data.decode()


@pytest.mark.parametrize(
    "more",
    [{"status": "draft"}, {"status": "private"}, {"content": {"rendered": "<p>x</p>", "protected": True}}],
)
def test_what_is_not_public_must_not_answer(shop: WebSite, more: dict[str, Any]) -> None:
    with pytest.raises(SourceGone):
        read(given(shop, post(**more)), LIMITS)


def test_a_post_that_was_deleted_is_gone(shop: WebSite) -> None:
    with pytest.raises(SourceGone):
        read(given(shop, {"code": "rest_post_invalid_id"}, status=404), LIMITS)


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"content": "x"}', "[" * 100_000])
def test_what_is_no_post_is_said_so(shop: WebSite, body: str) -> None:
    with pytest.raises(NotAPost):
        read(given(shop, body), LIMITS)


@pytest.mark.parametrize("more", [{"title": None}, {"modified_gmt": "soon"}, {"handrail": [1]}, {"link": None}])
def test_odd_fields_do_no_harm(shop: WebSite, more: dict[str, Any]) -> None:
    assert b"60 days" in read(given(shop, post(**more)), LIMITS).data
