"""Readiness names the part that is away; metrics have no unbounded label."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func
from sqlalchemy.orm import Session

from core.models import Document, WorkerBeat
from core.settings import get_settings
from orchestrator import circuits
from tests.conftest import SITE
from web.beats import Heart, alive_queues
from web.resting import degraded


def parts(client: TestClient) -> tuple[int, dict[str, str]]:
    response = client.get("/readyz")
    body = response.json()
    assert body["ready"] == (response.status_code == 200)
    return response.status_code, body["parts"]


def beat(session: Session, *queues: str) -> None:
    session.add(WorkerBeat(name=f"{queues}", queues=",".join(queues)))
    session.commit()


def known(session: Session, **more: object) -> None:
    row = {
        "site_id": SITE,
        "source": "file",
        "locator": "/a",
        "channels": ["*"],
        "state": "live",
        "checked_at": func.now(),
    }
    session.add(Document(**(row | more)))
    session.commit()


def test_this_process_answers(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_when_all_parts_are_there(client: TestClient, session: Session) -> None:
    beat(session, "chat", "house")
    beat(session, "index")
    known(session)
    assert parts(client) == (
        200,
        {
            "redis": "ok",
            "database": "ok",
            "keys": "ok",
            "worker:chat": "ok",
            "worker:house": "ok",
            "worker:index": "ok",
            "index": "ok",
        },
    )


def test_a_missing_worker_is_named(client: TestClient, session: Session) -> None:
    known(session)
    beat(session, "chat", "house")
    session.add(WorkerBeat(name="dead", queues="index", seen_at=func.now() - timedelta(seconds=11)))
    session.commit()
    status, found = parts(client)
    assert status == 503
    assert [name for name, state in found.items() if state != "ok"] == ["worker:index"]
    assert "handrail worker index" in found["worker:index"]


@pytest.mark.parametrize("state", [{"state": "queued"}, {"checked_at": func.now() - timedelta(days=30)}])
def test_an_index_that_is_empty_or_stale_is_named(
    client: TestClient, session: Session, state: dict[str, object]
) -> None:
    beat(session, "chat", "house", "index")
    known(session, **state)
    status, found = parts(client)
    assert status == 503
    assert SITE in found["index"]


def test_readiness_tells_what_each_site_knows(client: TestClient, session: Session) -> None:
    known(session)
    known(session, locator="/b", state="queued", due_at=func.now() - timedelta(seconds=90), checked_at=None)
    found = client.get("/readyz").json()["knowledge"][SITE]
    assert (found["index"], found["documents"], found["model"]) == ("ok", {"live": 1, "queued": 1}, None)
    assert 85 <= found["oldest_waiting_s"] <= 120


def test_metrics_count_indexes_and_what_waits(client: TestClient, session: Session) -> None:
    known(session, checked_at=func.now() - timedelta(days=30))
    known(session, locator="/b", state="removed", probe="words of it")
    text = client.get("/metrics").text
    assert 'handrail_site_indexes{state="stale"} 1.0' in text
    assert "handrail_documents_unverified 1.0" in text
    assert "handrail_documents_oldest_waiting_seconds 0.0" in text


def test_a_heart_beats_and_is_forgotten_when_it_stops(session: Session) -> None:
    heart = Heart(("chat", "house"))
    heart._beat()
    heart._beat()
    assert alive_queues(session) == {"chat", "house"}
    heart._forget()
    assert alive_queues(session) == set()


def test_metrics_count_by_route_and_never_by_path(client: TestClient) -> None:
    client.get("/api/agent/thread/0b9f")
    client.get("/some/made/up/path")
    text = client.get("/metrics").text
    assert 'route="/api/agent/thread/{thread_id}",status="4xx"' in text
    assert "0b9f" not in text
    assert "made" not in text
    for name in ("handrail_open_streams", "handrail_queue_depth", "handrail_turns", "handrail_documents"):
        assert name in text


def test_what_rests_degrades_but_takes_nothing_out_of_service(client: TestClient, session: Session) -> None:
    beat(session, "chat", "house", "index")
    known(session)
    assert client.get("/readyz").json()["degraded"] == {}
    circuits.trip("tool:get_order", 60)
    circuits.trip("to:notices:demo", 60)
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["degraded"] == {
        "to:notices:demo": "Rests for 60 s more: deliveries fail there; they are kept, and sent when it answers again.",
        "tool:get_order": "Rests for 60 s more: it failed again and again, and is not offered to the model meanwhile.",
    }


def test_a_resting_model_names_its_fallback_or_says_that_there_is_none(client: TestClient) -> None:
    alone = get_settings().model_copy(update={"brain": "openai", "model": "gpt-x"})
    both = alone.model_copy(update={"fallback_model": "extractive"})
    circuits.trip("model:gpt-x", 60)
    assert "extractive answers instead" in degraded(both)["model:gpt-x"]
    assert "HANDRAIL_FALLBACK_MODEL" in degraded(alone)["model:gpt-x"]
    circuits.trip("model:extractive", 60)
    assert "ends in a ticket or with a person" in degraded(both)["model:gpt-x"]


def test_metrics_show_circuits_by_kind_and_never_by_id(client: TestClient) -> None:
    circuits.trip("tool:get_order", 60)
    circuits.trip("model:made-up-by-somebody", 60)
    for number in range(3):
        circuits.trip(f"to:notices:site-{number}", 60)
    text = client.get("/metrics").text
    assert 'handrail_circuit_open{name="tool:get_order"} 1.0' in text
    assert 'handrail_circuit_open{name="tool:search_kb"} 0.0' in text
    assert 'handrail_circuit_open{name="model:extractive"} 0.0' in text
    assert 'handrail_circuit_open{name="to:notices"} 3.0' in text
    assert 'handrail_circuits_opened_total{name="to:notices"} 3.0' in text
    assert "site-1" not in text
    assert "made-up" not in text
