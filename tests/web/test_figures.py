"""What /metrics shows of what was counted elsewhere, of waits, and of crashes."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func
from sqlalchemy.orm import Session

from core import bus, crashes
from core.counting import COUNTS, TALLY, Tally
from core.models import Document, Handoff, Site
from core.queue import Job, ring_all
from orchestrator.resolution import Lately, Resolution
from tests.conftest import SITE
from tests.orchestrator.test_resolution import stored
from tests.web.client import Guest
from web.metrics import catalogue


def series(client: TestClient) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """What is shown, read by Prometheus' own parser."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


@pytest.fixture(autouse=True)
def empty(session: Session) -> None:
    """Nothing was counted before this test."""
    TALLY.flush()
    bus.client().delete(COUNTS)


def test_what_a_worker_counts_is_shown_by_the_api(client: TestClient) -> None:
    worker = Tally()
    worker.add((("handrail_tool_seconds", "get_order", "done", "0.1"), 3.0))
    worker.add((("handrail_tool_seconds", "get_order", "done", "+Inf"), 1.0))
    worker.add((("handrail_tool_seconds", "get_order", "done", "sum"), 99.0))
    worker.add((("handrail_guard_trips", "numbers"), 2.0))
    worker.flush()
    found = series(client)
    of = (("result", "done"), ("tool", "get_order"))
    assert found["handrail_tool_seconds_count"][of] == 4.0
    assert found["handrail_tool_seconds_sum"][of] == 99.0
    buckets = found["handrail_tool_seconds_bucket"]
    assert buckets[("le", "0.05"), *of] == 0.0
    assert buckets[("le", "0.1"), *of] == buckets[("le", "60.0"), *of] == 3.0
    assert buckets[("le", "+Inf"), *of] == 4.0
    assert found["handrail_guard_trips_total"][(("guard", "numbers"),)] == 2.0


def test_what_another_version_counted_does_no_harm(client: TestClient) -> None:
    for key in (
        ("handrail_gone", "x"),
        ("handrail_guard_trips", "one", "label", "too many"),
        ("handrail_crashes", "x"),
    ):
        bus.client().hincrbyfloat(COUNTS, json.dumps(key), 1.0)
    found = series(client)
    assert "handrail_gone_total" not in found
    assert "handrail_guard_trips_total" not in found


def test_all_that_is_shown_is_in_the_catalogue(client: TestClient, guest: Guest) -> None:
    guest.say("Hello?")
    known = catalogue()
    foreign = {"python", "process"}
    for name, samples in series(client).items():
        if name.partition("_")[0] not in foreign:
            for labels in samples:
                assert {label for label, _ in labels} == known[name], name


def test_a_queue_has_an_age(client: TestClient) -> None:
    ring_all([(Job.TAKE_TURN, {"thread_id": "a"})])
    message = json.loads(str(bus.client().lpop("chat")))
    message["headers"]["rung_at"] -= 90
    bus.client().lpush("chat", json.dumps(message))
    ring_all([(Job.TAKE_TURN, {"thread_id": "b"})])
    ages = series(client)["handrail_queue_oldest_seconds"]
    assert 90 <= ages[(("queue", "chat"),)] < 150
    assert ages[(("queue", "index"),)] == 0.0


def test_waits_have_an_age(client: TestClient, guest: Guest, session: Session) -> None:
    guest.say("Hello?")
    ago = datetime.now(UTC) - timedelta(seconds=400)
    row = {"site_id": SITE, "thread_id": guest.thread_id, "reason": "x", "waits_since": ago}
    session.add(Handoff(key="k", **row))
    live = {"site_id": SITE, "source": "file", "locator": "/a", "channels": ["*"], "state": "live"}
    session.add(Document(**live, checked_at=func.now() - timedelta(hours=2)))
    session.commit()
    found = series(client)
    assert 400 <= found["handrail_handoffs_oldest_wait_seconds"][()] < 460
    assert 7200 <= found["handrail_index_age_seconds"][()] < 7260
    assert 0 < found["handrail_turns_oldest_waiting_seconds"][()] < 60


def test_crashes_are_counted(client: TestClient) -> None:
    before = series(client)["handrail_crashes_total"][()]
    crashes.report(ValueError("x"), "tests")
    assert series(client)["handrail_crashes_total"][()] == before + 1


def test_conversations_are_shown_by_resolution(client: TestClient, session: Session, site: Site) -> None:
    stored(session, 5, thumbs="up")
    session.commit()
    assert Lately()(session)[Resolution.CONFIRMED] == 1
    shown = series(client)["handrail_conversations_week"]
    assert {dict(labels)["resolution"] for labels in shown} == {
        *("confirmed", "assumed", "reopened", "handed_off", "gave_up", "open")
    }


def test_an_unknown_method_is_no_label(client: TestClient) -> None:
    client.request("BREW", "/healthz")
    methods = {dict(labels)["method"] for labels in series(client)["handrail_request_seconds_count"]}
    assert "other" in methods
    assert "BREW" not in methods
