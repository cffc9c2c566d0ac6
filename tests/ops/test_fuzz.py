"""Every door against its own contract, and naughty strings through every field: nothing breaks, nothing leaks."""

from collections.abc import Iterator
from http import HTTPStatus

import httpx2
import pytest
from fastapi.testclient import TestClient

from core.embedded import Addresses
from core.privacy.cleaning import clean
from core.settings import get_settings
from ops.fuzz.house import OPEN_WIDE, House, house
from ops.fuzz.naughty import desk_doors, json_doors
from ops.fuzz.naughty.run import active, judged, strings, try_fields
from ops.fuzz.run import fuzz
from tests.web.client import open_session
from tests.web.conftest import client
from web.app import make_app

__all__ = ["client"]

STEP = 64  # of the strings at each field; `make fuzz` sends all of them to all


@pytest.fixture
def running(committed: Addresses) -> Iterator[House]:
    with house(get_settings()) as found:
        yield found


@pytest.mark.slow
def test_every_door_keeps_its_contract(running: House) -> None:
    found = fuzz(running, seed=8)
    print("\n".join(found.as_lines()))
    assert not found.faults
    assert len(found.calls) >= 24, "all doors were tried"
    assert {"ignored_auth", "object_level_authorization", "response_schema_conformance"} <= set(found.checks)
    assert found.statuses[200] + found.statuses[202] > 50, "it would prove little if all were refused"


@pytest.mark.slow
def test_no_string_breaks_a_field_or_a_page(running: House) -> None:
    with httpx2.Client(base_url=running.url, timeout=60) as client:
        fields = [*json_doors.fields(running, client), *desk_doors.fields(running, client, get_settings())]
        tried = try_fields(running, fields, STEP)
    print("\n".join(tried.as_lines()))
    assert not tried.faults
    assert tried.statuses[200] + tried.statuses[202] + tried.statuses[303] > 200


def test_every_door_of_the_contract_with_a_body_is_tried(client: TestClient) -> None:
    contract = client.get("/api/openapi.json").json()["paths"]
    with_body = {path for path, methods in contract.items() if "requestBody" in methods.get("post", {})}
    tried = {*json_doors.visitors_bodies("", ""), *json_doors.SIGNED, "/rag/query"}
    assert with_body - tried == {"/slack/interactions", "/slack/commands"}, (
        "their forms: tests/web/test_naughty_slack.py"
    )


def test_words_are_kept_as_they_were_given_or_refused(client: TestClient) -> None:
    wide = get_settings().model_copy(update=OPEN_WIDE)
    with TestClient(make_app(wide)) as open_wide:
        guest = open_session(open_wide)
        answers = [(text, guest.say(text, f"n{n}")) for n, text in enumerate(strings())]
        refused = [answer.json()["error"] for _, answer in answers if answer.status_code != HTTPStatus.ACCEPTED]
        assert set(refused) <= {"MessageEmpty", "MessageTooLong", "MessageNotText"}
        assert len(refused) < 12, refused
        shown = [one["content"] for one in guest.thread()["messages"] if one["role"] == "visitor"]
        kept = [text for text, answer in answers if answer.status_code == HTTPStatus.ACCEPTED]
        assert shown == [clean(text.replace("\r\n", "\n").strip()).text for text in kept]
        page = open_wide.get(f"/api/agent/thread/{guest.thread_id}/transcript", headers=guest.headers)
    assert page.status_code == HTTPStatus.OK
    assert not list(judged(httpx2.Response(200, headers={"content-type": "text/html"}, text=page.text)))


@pytest.mark.parametrize(
    "page",
    [
        "<script>alert(1)</script>",
        "<p onclick='x()'>",
        "<a href=' JavaScript:x()'>a</a>",
        "<img src=x>",
        "<script src='https://evil.example/x.js'></script>",
        "<iframe></iframe>",
        "<svg onload=x()>",
    ],
)
def test_what_could_act_in_a_page_is_seen(page: str) -> None:
    assert list(active(f"<html><body>{page}</body></html>"))
    assert list(judged(httpx2.Response(200, headers={"content-type": "text/html"}, text=page)))


def test_a_failure_is_seen() -> None:
    assert list(judged(httpx2.Response(500, json={"error": "HandrailError", "detail": "x"})))
    assert list(judged(httpx2.Response(404, json={"detail": ""})))
    assert not list(judged(httpx2.Response(404, json={"error": "NotFound", "detail": "No such page."})))
