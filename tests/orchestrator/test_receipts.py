"""Receipts: signed as given, true as things stand, checked without a database; and the look that follows an erasure."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text, update

from core import bus, db, queue
from core.models import AuditEntry, Note, Outgoing, Site, SlackPost, Thread, metadata
from core.queue import Job
from core.settings import get_settings
from orchestrator import erasing, inbox, probing, receipts
from orchestrator.people import operator
from orchestrator.receipts import NoReceipt, ReceiptNotFound
from tests.conftest import SITE, make_site
from web.app import make_app


@pytest.fixture
def shop(committed: object) -> Site:
    with db.transaction() as session:
        return make_site(session)


def spoke(words: str = "My purple umbrella broke") -> Thread:
    with db.transaction() as session:
        thread = inbox.open_thread(session, SITE, "web")
        inbox.accept(session, thread, words, "m1")
        return thread


def erased(thread: Thread) -> UUID:
    with db.transaction() as session:
        return erasing.erase(session, SITE, thread.visitor_id)[0]


def given(id_: UUID) -> dict[str, Any]:
    with db.transaction() as session:
        return receipts.receipt(session, id_)


def test_a_receipt_says_what_went_and_is_checked_by_its_signature_alone(
    shop: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = spoke()
    told = given(erased(thread))
    assert (told["site"], told["erased_by"], told["probe"]) == (SITE, "visitor", None)
    assert told["counts"] == {"visitors": 1, "threads": 1, "messages": 1, "turns": 1}
    assert told["ids"] == [str(thread.visitor_id), str(thread.id)]
    raw = receipts.as_text(told)
    assert "umbrella" not in raw
    read, genuine = receipts.verified(raw)
    assert genuine
    assert read == {name: value for name, value in told.items() if name != "signature"}
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("HANDRAIL_SECRET_KEY", "another-secret-of-thirty-two-characters-1")
        get_settings.cache_clear()
        assert not receipts.verified(raw)[1]
    get_settings.cache_clear()
    assert receipts.verified(raw)[1]


@pytest.mark.parametrize("field", ["id", "site", "erased_at", "erased_by", "counts", "ids", "elsewhere", "probe"])
def test_whatever_is_changed_breaks_the_signature(shop: Site, field: str) -> None:
    told = given(erased(spoke()))
    bare = {name: value for name, value in told.items() if name != field}
    changed = {"id": str(uuid4()), "ids": [], "counts": {"threads": 9}, "elsewhere": {"slack": {}}}
    told[field] = changed.get(field, "other")
    assert not receipts.verified(json.dumps(told))[1]
    with pytest.raises(NoReceipt) if field in {"id", "ids"} else nullcontext():
        assert not receipts.verified(json.dumps(bare))[1]


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b"[" * 100_000, b'{"signature": 1, "ids": [], "id": "x"}'],
    ids=lambda raw: str(raw[:12]),
)
def test_what_is_no_receipt_is_told_from_a_false_one(raw: bytes) -> None:
    with pytest.raises(NoReceipt):
        receipts.verified(raw)


def test_half_a_surrogate_is_no_error(shop: Site) -> None:
    told = given(erased(spoke())) | {"site": "\ud800"}
    assert not receipts.verified(json.dumps(told))[1]


def test_copies_elsewhere_are_followed_until_they_are_gone(shop: Site) -> None:
    thread = spoke()
    with db.transaction() as session:
        session.get_one(Site, SITE).slack_channel = "C1"
        for n, state in enumerate(("sent", "pending")):
            row = {"key": f"n{n}", "site_id": SITE, "destination": f"notices:{SITE}", "kind": "ticket.opened"}
            session.add(Outgoing(**row, body={"thread": str(thread.id)}, state=state))
        for n in range(3):
            row = {"key": f"slack:message:{n}", "site_id": SITE, "kind": "message", "channel": "C1"}
            session.add(SlackPost(**row, thread_id=thread.id, ts=f"1.{n}"))
    id_ = erased(thread)
    assert given(id_)["elsewhere"] == {"slack": {"done": 0, "waiting": 3, "failed": 0}}
    (notices,) = given(id_)["out_of_reach"]
    assert (notices["what"], notices["count"]) == ("notices", 1), "what had not left never will"
    with db.transaction() as session:
        keys = session.scalars(select(Outgoing.key).order_by(Outgoing.key)).all()
        session.execute(update(Outgoing).where(Outgoing.key == keys[0]).values(state="sent"))
        session.execute(update(Outgoing).where(Outgoing.key == keys[1]).values(state="dead"))
    assert given(id_)["elsewhere"] == {"slack": {"done": 1, "waiting": 1, "failed": 1}}
    with db.transaction() as session:
        session.execute(text("DELETE FROM outbox"))  # what was sent is forgotten after a while
    assert given(id_)["elsewhere"] == {"slack": {"done": 3, "waiting": 0, "failed": 0}}


def test_who_asked_is_a_kind_and_the_audit_log_knows_the_name(shop: Site) -> None:
    thread = spoke()
    with db.transaction() as session:
        id_, _ = erasing.erase_conversation(session, SITE, thread.id, actor=operator("root"), address="here")
        line = session.scalars(select(AuditEntry)).one()
    assert given(id_)["erased_by"] == "operator"
    assert (line.actor, line.address) == ("cli:root", "here")
    with db.transaction() as session:
        again = erasing.erase_conversation(session, SITE, thread.id, actor=operator("root"))
        assert again == (id_, erasing.Receipt())
        assert erasing.erase_conversation(session, "other", spoke().id, actor=operator("root"))[1].threads == 0


def test_whose_data_went_before_gets_a_receipt_all_the_same(shop: Site) -> None:
    """By staff, or because they had become old: the visitor's own request finds nothing, and is told so."""
    thread = spoke()
    with db.transaction() as session:
        first, _ = erasing.erase_conversation(session, SITE, thread.id, actor=operator("root"))
    mine = erased(thread)
    assert mine != first
    assert (given(mine)["counts"], given(mine)["erased_by"]) == ({}, "visitor")
    assert given(first)["counts"]["visitors"] == 1
    assert erased(thread) == mine
    with db.transaction() as session:
        assert len(session.scalars(select(AuditEntry)).all()) == 1
        assert erasing.erase(session, "no-such-site", thread.visitor_id)[1] == erasing.Receipt()


def test_the_door_shows_it_to_whoever_knows_its_id(shop: Site) -> None:
    id_ = erased(spoke())
    with TestClient(make_app(get_settings())) as client:
        answer = client.get(f"/api/agent/receipts/{id_}")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert receipts.verified(answer.content)[1]
        for nobody in (uuid4(), "x", "%00", "a" * 64):
            assert client.get(f"/api/agent/receipts/{nobody}").json()["error"] == "ReceiptNotFound"
        assert client.get(f"/api/agent/receipts/{'a' * 65}").status_code == 422
        schema = client.get("/api/openapi.json").json()
        assert "/api/agent/receipts/{receipt_id}" in schema["paths"]
    with db.transaction() as session, pytest.raises(ReceiptNotFound):
        receipts.receipt(session, uuid4())


def test_after_an_erasure_it_is_looked_for_and_the_receipt_says_what_was_found(shop: Site) -> None:
    id_ = erased(spoke())
    from orchestrator.tasks import probe_erased

    queued = bus.client().lrange(queue.QUEUES[Job.PROBE_ERASED], 0, -1)
    assert any('"probe_erased"' in each for each in queued)
    probe_erased()
    probe = given(id_)["probe"]
    assert (probe["found"], probe["not_read"]) == ([], [])
    assert probe["looked"]["tables"] == len(metadata.sorted_tables) + 1 - len(probing.ABOUT_ERASING)  # Alembic's own
    assert probing.probe(get_settings()) == 0, "once"


def test_what_was_left_is_found_wherever_it_is_and_of_whom(shop: Site, tmp_path: Path) -> None:
    """Rows, jobs in a queue, news, files: each of these would be a fault of ours."""
    mine, other = spoke(), spoke()
    first, second = erased(mine), erased(other)
    settings = get_settings().model_copy(update={"home": tmp_path})
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool/1").write_bytes(b"x" * (probing.PART - 20) + f"thread {mine.id}".encode())
    (tmp_path / "log").mkdir()
    (tmp_path / "log/worker.log").write_text(f"thread {mine.id}")
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/page").write_text(str(mine.id))
    queue.ring_all([(Job.TAKE_TURN, {"thread_id": str(mine.id)})])
    bus.client().hset("h", "field", str(mine.id))
    with db.transaction() as session:
        session.execute(update(Site).values(index_told="", wordpress_url=f"https://x.example/{mine.id}"))
    assert probing.probe(settings) == 2
    found = given(first)["probe"]
    places = {each["place"] for each in found["found"]}
    assert places == {"table sites", "Valkey h", "file spool/1"}
    words = {each.place for each in probing.look_for([str(mine.id)], settings).found}
    assert {"Valkey chat", "file log/worker.log", "table erasures"} <= words
    clean = given(second)["probe"]
    assert clean["found"] == []


@pytest.mark.parametrize("words", ["50 % off_\\path", 'say "hi"\nthere', "Grüße 🎒", "ÄRGER"])
def test_words_are_found_as_they_are_and_as_json_writes_them(shop: Site, words: str) -> None:
    thread = spoke()
    with db.transaction() as session:
        session.add(Note(thread_id=thread.id, author="Ada", content=f"… {words} …", source="desk"))
        row = {"key": "k", "site_id": SITE, "destination": "notices:x", "kind": "k"}
        session.add(Outgoing(**row, body={"subject": f"{words}!"}))
    bus.client().set("k", json.dumps({"of": words}))
    places = {each.place for each in probing.look_for([words], get_settings()).found}
    assert {"table notes", "table outbox", "Valkey k"} <= places
    assert not probing.look_for(["no such words anywhere"], get_settings()).found


def test_a_valkey_that_is_away_is_said_to_be_unread(shop: Site, tmp_path: Path) -> None:
    settings = get_settings().model_copy(update={"redis_url": f"unix://{tmp_path}/nothing.sock", "home": tmp_path})
    look = probing.look_for(["x"], settings)
    assert any(place.startswith("Valkey") for place in look.silent)
