"""The gateway: what is signed and new is stored once, everything else is refused with a reason, and never a 500."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest
from sqlalchemy import select, text, update

from core.db import transaction
from core.embedded import Addresses
from core.models import Site, WebhookEvent
from core.settings import get_settings
from kb.documents.registering import register
from kb.sources.source import Source
from tests.conftest import SITE, make_site
from tests.web.wordpress import SECRET, event, media, signed
from web.app import make_app
from web.webhooks import secrets

DOOR = "/webhooks/wordpress"


@pytest.fixture
def doors(committed: Addresses, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The application over real commits, with a site that has a webhook secret; secrets are looked up each time."""
    monkeypatch.setattr(secrets, "KEPT_SECONDS", 0.0)
    with transaction() as session:
        make_site(session).webhook_secret = SECRET
    with TestClient(make_app(get_settings())) as opened:
        yield opened


def post(doors: TestClient, body: dict[str, Any] | bytes, door: str = DOOR, **how: Any) -> Any:
    raw, headers = signed(body, **how)
    return doors.post(door, content=raw, headers=headers)


def stored() -> list[WebhookEvent]:
    with transaction() as session:
        return list(session.scalars(select(WebhookEvent).order_by(WebhookEvent.position)))


def test_a_signed_event_is_stored_and_its_state_can_be_asked(doors: TestClient) -> None:
    answer = post(doors, event("post.published", actor="ada"))
    assert answer.status_code == 202
    assert answer.json()["state"] == "accepted"
    (row,) = stored()
    assert (row.subject, row.action, row.actor, row.state) == ("page:42", "post.published", "ada", "pending")
    assert row.occurred_at == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert row.data == {"link": "https://shop.example/returns"}
    state = doors.get(f"{DOOR}/{answer.json()['id']}")
    assert state.json() == {"id": str(row.id), "state": "pending", "reason": "", "attempts": 0}
    assert state.headers["cache-control"] == "no-store"
    assert doors.get(f"{DOOR}/0b9f2c9e-0000-4000-8000-000000000000").status_code == 404


def test_the_same_event_counts_once(doors: TestClient) -> None:
    body = event()
    first, second = post(doors, body), post(doors, body)
    assert second.json() == {"id": first.json()["id"], "state": "known"}
    assert len(stored()) == 1


def test_another_body_under_a_known_id_is_kept_as_a_conflict(doors: TestClient) -> None:
    body = event()
    post(doors, body)
    answer = post(doors, body | {"data": {"link": "https://evil.example/"}})
    assert answer.json()["state"] == "conflict"
    assert [row.state for row in stored()] == ["pending", "conflict"]
    assert post(doors, body).json()["state"] == "known"


def test_many_at_once_are_each_stored_once(doors: TestClient) -> None:
    bodies = [event() for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: post(doors, body), [*bodies, *bodies]))
    assert {answer.status_code for answer in answers} == {202}
    assert sum(answer.json()["state"] == "accepted" for answer in answers) == 40
    assert len(stored()) == 40


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"secret": "another"}, "SignatureWrong"),
        ({"off": -301}, "SignatureStale"),
        ({"off": 400}, "SignatureStale"),
    ],
)
def test_wrong_old_and_future_signatures_are_refused(doors: TestClient, how: dict[str, Any], error: str) -> None:
    answer = post(doors, event(), secret=how.get("secret", SECRET), at=time.time() + how.get("off", 0))
    assert (answer.status_code, answer.json()["error"]) == (401, error)
    assert stored() == []


def test_an_unknown_site_and_a_site_without_a_secret_sound_like_a_wrong_signature(doors: TestClient) -> None:
    with transaction() as session:
        make_site(session, "without")
    for site in ("nobody", "without", ""):
        answer = post(doors, event(site_id=site), secret="")
        assert (answer.status_code, answer.json()["error"]) == (401, "SignatureWrong")


def test_two_secrets_count_while_one_is_rotated(doors: TestClient) -> None:
    def rotate(until: datetime) -> None:
        values = {"webhook_secret": "new", "webhook_secret_before": SECRET, "webhook_rotated_until": until}
        with transaction() as session:
            session.execute(update(Site).where(Site.id == SITE).values(values))

    rotate(datetime.now(UTC) + timedelta(hours=1))
    assert post(doors, event()).status_code == 202
    assert post(doors, event(), secret="new").status_code == 202
    rotate(datetime.now(UTC) - timedelta(seconds=1))
    assert post(doors, event()).status_code == 401
    assert post(doors, event(), secret="new").status_code == 202


def test_a_signature_does_not_fit_another_body_or_another_time(doors: TestClient) -> None:
    raw, headers = signed(event())
    assert doors.post(DOOR, content=raw + b" ", headers=headers).status_code == 401
    later = headers | {"X-WP-Timestamp": str(int(headers["X-WP-Timestamp"]) + 1)}
    assert doors.post(DOOR, content=raw, headers=later).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b"{" * 5_000, 400),
        (b'{"a":' * 60 + b"1" + b"}" * 60, 400),
        (b'{"site_id": "demo-test", "x": NaN}', 400),
        (b'{"site_id": "demo-test", "x": "\\u0000"}', 400),
        (b'{"site_id": "demo-test", "x": "\\ud800"}', 400),
        (b'{"site_id": "demo\\u0000test"}', 400),
        (b'{"site_id": {"a": 1}}', 400),
        (b'{"site_id": "' + b"x" * 600_000 + b'"}', 413),
    ],
)
def test_hostile_bodies_are_refused_by_name(doors: TestClient, body: bytes, status: int) -> None:
    assert post(doors, body).status_code == status


@pytest.mark.parametrize(
    "more",
    [
        {"event": "post.exploded"},
        {"subject": None},
        {"subject": {"type": "page"}},
        {"subject": {"type": "../etc", "id": 1}},
        {"occurred_at": "yesterday"},
        {"occurred_at": 1e99},
        {"data": []},
        {"id": "a b"},
        {"id": ""},
    ],
)
def test_signed_nonsense_is_refused_with_the_field_that_is_wrong(doors: TestClient, more: dict[str, Any]) -> None:
    answer = post(doors, event(**more))
    assert answer.status_code == 400
    assert "`" in answer.json()["detail"] or "event" in answer.json()["detail"]


def test_the_header_must_repeat_the_signed_id(doors: TestClient) -> None:
    raw, headers = signed(event())
    assert doors.post(DOOR, content=raw, headers=headers | {"Idempotency-Key": "another"}).status_code == 400
    ours = headers | {"Idempotency-Key": json.loads(raw)["id"]}
    assert doors.post(DOOR, content=raw, headers=ours).status_code == 202


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_only_json_is_read(doors: TestClient, kind: str) -> None:
    raw, headers = signed(event())
    assert doors.post(DOOR, content=raw, headers=headers | {"Content-Type": kind}).status_code == 415


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["X-WP-Signature", "X-WP-Timestamp", "Idempotency-Key", "Content-Type"]),
        st.binary(max_size=40).map(lambda raw: bytes(byte for byte in raw if byte > 31 and byte != 127).strip()),
    )
)
def test_no_header_makes_a_server_error(doors: TestClient, hostile: dict[str, bytes]) -> None:
    raw, headers = signed(event())
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    sent |= {name.encode(): value for name, value in hostile.items()}
    assert doors.post(DOOR, content=raw, headers=list(sent.items())).status_code < 500


def test_the_older_contract_for_media_is_kept(doors: TestClient) -> None:
    raw, headers = media()
    answer = doors.post("/webhook/wp-media", content=raw, headers=headers)
    assert answer.status_code == 202
    (row,) = stored()
    assert (row.subject, row.action) == ("attachment:7", "media.added")
    assert row.data == {"file_url": "https://shop.example/a.pdf", "title": "A"}
    assert doors.get(f"/webhook/wp-media/{answer.json()['id']}").json()["state"] == "pending"
    wrong = headers | {"X-WP-Signature": "0" * 64}
    assert doors.post("/webhook/wp-media", content=raw, headers=wrong).status_code == 401


def test_a_file_that_is_changed_twice_in_a_moment_is_read_twice(doors: TestClient) -> None:
    for title in ("A", "B"):
        raw, headers = media(title=title)
        assert doors.post("/webhook/wp-media", content=raw, headers=headers).json()["state"] == "accepted"
    assert [(row.data["title"], row.state) for row in stored()] == [("A", "pending"), ("B", "pending")]


def test_the_state_says_why_a_file_could_not_be_read(doors: TestClient) -> None:
    raw, headers = media()
    id_ = doors.post("/webhook/wp-media", content=raw, headers=headers).json()["id"]
    with transaction() as session:
        session.execute(update(WebhookEvent).values(state="done"))
        document = register(session, site_id=SITE, source=Source("url", "wordpress:attachment:7"))
        document.state, document.reason = "failed", "The page is larger than 25 MB: upload it in parts."
    answer = doors.get(f"/webhook/wp-media/{id_}").json()
    assert (answer["state"], answer["reason"]) == ("done", "The page is larger than 25 MB: upload it in parts.")


@pytest.mark.parametrize(
    "more", [{"attachment_id": "x"}, {"file_url": "file:///etc/passwd"}, {"file_url": 7}, {"title": ["a"]}]
)
def test_media_with_wrong_fields_are_refused(doors: TestClient, more: dict[str, Any]) -> None:
    raw, headers = media(**more)
    assert doors.post("/webhook/wp-media", content=raw, headers=headers).status_code == 400


def test_when_too_many_wait_a_sender_is_told_to_come_again(doors: TestClient) -> None:
    doors.app.state.intake._most = 3  # type: ignore[attr-defined]
    for _ in range(3):
        assert post(doors, event()).status_code == 202
    doors.app.state.intake._looked = 0.0  # type: ignore[attr-defined]
    post(doors, event())
    answer = post(doors, event())
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_what_can_not_be_stored_in_time_is_not_accepted(doors: TestClient) -> None:
    doors.app.state.intake._patience = 0.3  # type: ignore[attr-defined]
    body = event()
    with transaction() as held:
        held.execute(text("LOCK TABLE webhook_events IN ACCESS EXCLUSIVE MODE"))
        answer = post(doors, body)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
    doors.app.state.intake._patience = 4.0  # type: ignore[attr-defined]
    assert post(doors, body).status_code == 202  # sent again, as senders do
    assert [row.event_id for row in stored()] == [body["id"]]


def test_a_secret_that_can_not_be_looked_up_is_not_a_wrong_one(doors: TestClient) -> None:
    with transaction() as session:
        session.execute(text("ALTER TABLE sites RENAME TO away"))
    try:
        answer = post(doors, event())
    finally:
        with transaction() as session:
            session.execute(text("ALTER TABLE away RENAME TO sites"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert post(doors, event()).status_code == 202


def test_the_short_way_has_what_every_way_has(doors: TestClient) -> None:
    raw, headers = signed(event())
    answer = doors.post(DOOR, content=raw, headers=headers | {"X-Request-ID": "from-wordpress-1"})
    assert answer.headers["x-request-id"] == "from-wordpress-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/json"
    assert doors.put(DOOR, content=raw, headers=headers).status_code == 405
    assert "/webhooks/wordpress" in doors.get("/api/openapi.json").json()["paths"]
    counted = 'handrail_request_seconds_count{method="POST",route="/webhooks/wordpress",status="2xx"}'
    assert counted in generate_latest().decode()
