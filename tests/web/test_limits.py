"""How often: by visitor, by device and by place, at every door that costs something."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
import redis
from fastapi import Request
from fastapi.testclient import TestClient

from core import bus
from core.errors import TooManyRequests, Unavailable
from core.settings import Settings, get_settings
from tests.conftest import SITE, TEST_SECRET
from tests.web.client import Guest, open_session
from web import limits
from web.app import make_app

FEW = {"messages_per_minute": 3, "sessions_per_minute": 40}
DEVICE = "a-browser-that-keeps-this-id"


@pytest.fixture
def few(client: TestClient) -> Iterator[TestClient]:
    with TestClient(make_app(get_settings().model_copy(update=FEW))) as opened:
        yield opened


def spend(guest: Guest, times: int, **headers: str) -> list[int]:
    body = {"thread_id": guest.thread_id, "user_msg": "Hello"}
    return [
        guest.client.post(
            "/api/agent/messages", json=body | {"client_msg_id": uuid4().hex}, headers=guest.headers | headers
        ).status_code
        for _ in range(times)
    ]


def test_a_visitor_may_so_often(few: TestClient) -> None:
    guest = open_session(few)
    assert spend(guest, 4) == [202, 202, 202, 429]
    refused = guest.say("Hello", "late")
    assert refused.json()["error"] == "TooManyRequests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert spend(open_session(few), 1) == [202], "another one is not touched"


def test_a_device_is_not_freed_by_a_new_conversation(few: TestClient) -> None:
    told = {limits.DEVICE_HEADER: DEVICE}
    spent = [status for _ in range(3) for status in spend(open_session(few), 3, **told)]
    assert spent == [202] * 6 + [429] * 3
    assert spend(open_session(few), 1, **{limits.DEVICE_HEADER: DEVICE + "-another"}) == [202]


def test_a_place_is_not_freed_by_new_devices(few: TestClient) -> None:
    spent = [spend(open_session(few), 3, **{limits.DEVICE_HEADER: f"{DEVICE}-{n}"}) for n in range(11)]
    assert spent == [[202] * 3] * 10 + [[429] * 3]


@pytest.mark.parametrize("device", ["short", "x" * 65, "with space in the middle", "<script>alert(1)</script>"])
def test_what_is_no_device_is_none(few: TestClient, device: str) -> None:
    assert spend(open_session(few), 1, **{limits.DEVICE_HEADER: device}) == [202]
    assert not list(bus.client().scan_iter("limit:talk:device:*"))


def test_every_door_that_costs_something_counts(few: TestClient) -> None:
    """At the contract's doors: a door that is added and does not count is named here."""
    free = {"/healthz", "/readyz", "/metrics"}  # for whoever runs it; and what is signed costs one hash to refuse
    contract = few.get("/api/openapi.json").json()["paths"]
    counted = set()
    guest = open_session(few)
    for path, methods in contract.items():
        if path in free or path.startswith(("/webhook", "/slack")) or "receipts" in path:
            continue
        for method in methods:
            bus.client().flushdb()
            body = {"site_id": SITE, "question": "?", "thread_id": guest.thread_id, "user_msg": "?", "tags": []}
            asked = path.format(thread_id=uuid4(), site_id=SITE)
            wanted = {
                "client_msg_id": "c",
                "message_id": str(uuid4()),
                "thumbs": "up",
                "name": "A",
                "email": "a@b.example",
            }
            fields = _fields(few, methods[method])
            sent = {name: value for name, value in (body | wanted).items() if name in fields}
            few.request(method.upper(), asked, json=sent or None, headers=guest.headers)
            if list(bus.client().scan_iter("limit:*:place:*")):
                counted.add(path)
            if (method, path) == ("delete", "/api/agent/data"):
                guest = open_session(few)
    missing = {path for path in contract if path.startswith(("/api/", "/rag/"))} - counted
    # A letter is counted once its address is known: tests/web/test_transcripts.py.
    assert missing <= {"/api/agent/transcript"} | {path for path in contract if "receipts" in path}


def _fields(client: TestClient, operation: dict[str, object]) -> set[str]:
    wanted = str(operation.get("requestBody", ""))
    schemas = client.get("/api/openapi.json").json()["components"]["schemas"]
    return {
        field for name, schema in schemas.items() if f"/{name}'" in wanted for field in schema.get("properties", {})
    }


def test_neither_addresses_nor_ids_stand_in_redis(few: TestClient) -> None:
    guest = open_session(few)
    spend(guest, 1, **{limits.DEVICE_HEADER: DEVICE})
    keys = " ".join(bus.client().scan_iter("limit:*"))
    assert keys.count("limit:talk:") == 3
    for known in ("testclient", DEVICE, guest.thread_id, "127.0.0.1"):
        assert known not in keys


def request_from(host: str) -> Request:
    return Request({"type": "http", "headers": [], "client": (host, 1), "method": "GET", "path": "/"})


def test_a_network_of_ipv6_is_one_place(client: TestClient) -> None:
    settings = Settings(profile="test", secret_key=TEST_SECRET, sessions_per_minute=2)
    for host in ("2a00:1450:4001:80b::1", "2a00:1450:4001:80b:ffff::2"):
        limits.count(request_from(host), settings, limits.OPEN)
    with pytest.raises(TooManyRequests):
        limits.count(request_from("2a00:1450:4001:80b::3"), settings, limits.OPEN)
    limits.count(request_from("2a00:1450:4001:80c::1"), settings, limits.OPEN)


@contextmanager
def lost_redis() -> Iterator[None]:
    """Points this process at a Redis that is not there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
        patch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


def test_without_redis_this_process_counts_by_itself() -> None:
    away = Settings(profile="test", secret_key=TEST_SECRET, sessions_per_minute=2, transcripts_per_hour=2)
    limits.HERE.counts.clear()
    with lost_redis():
        limits.count(request_from("203.0.113.9"), away, limits.OPEN)
        limits.count(request_from("203.0.113.9"), away, limits.OPEN)
        with pytest.raises(TooManyRequests):
            limits.count(request_from("203.0.113.9"), away, limits.OPEN)
        with pytest.raises(Unavailable):  # nobody's mail is sent where nobody can count
            limits.count_hour(request_from("203.0.113.9"), away, limits.LETTER, UUID(int=1), also="a@b.example")


def test_the_lost_one_is_lost() -> None:
    with lost_redis(), pytest.raises(redis.RedisError):
        bus.wait_for({"a": 1}, seconds=1)
