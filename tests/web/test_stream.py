"""The event stream over a real connection: in order, resumable, never silent, and cleanly ended."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID, uuid4

import pytest

from core import bus, db
from core.embedded import Addresses
from core.models import Message, Turn
from core.settings import get_settings
from tests.conftest import SITE
from tests.web.live import Live, serving
from web import auth


@pytest.fixture
def live(committed: Addresses) -> Iterator[Live]:
    with serving(get_settings()) as running:
        yield running


def store(live: Live, text: str) -> str:
    """An answer that is in the database and was never told."""
    with db.transaction() as session:
        message = Message(thread_id=UUID(live.thread_id), role="agent", content=text, citations=[])
        session.add(message)
        session.flush()
        return str(message.id)


def open_turn(live: Live) -> UUID:
    turn_id = uuid4()
    with db.transaction() as session:
        turn = Turn(id=turn_id, thread_id=UUID(live.thread_id), site_id=SITE, phase="plan", state={}, settings_hash="")
        turn.deadline_at = datetime.now(UTC) + timedelta(minutes=1)
        session.add(turn)
    return turn_id


def publish(live: Live, kind: str, **data: object) -> None:
    bus.publish(UUID(live.thread_id), kind, **data)


def test_news_come_in_order_with_their_ids(live: Live) -> None:
    with live.listening() as heard:
        for n in range(20):
            publish(live, "sentence", turn_id="t", n=n)
        got = list(islice(heard, 20))
    assert [event.data["n"] for event in got] == list(range(20))
    assert all(event.id for event in got)


def test_a_listener_that_comes_back_misses_nothing_and_hears_nothing_twice(live: Live) -> None:
    with live.listening() as heard:
        publish(live, "state", state="thinking")
        publish(live, "message", id="m1")
        first = list(islice(heard, 2))
    publish(live, "message", id="m2")
    publish(live, "done", turn_id="t", outcome="answered")
    with live.listening(first[-1].id) as heard:
        publish(live, "message", id="m3")
        assert [event.data.get("id") or event.kind for event in islice(heard, 3)] == ["m2", "done", "m3"]


def test_a_reload_in_mid_answer_goes_on_with_it(live: Live) -> None:
    turn_id = str(open_turn(live))
    publish(live, "state", state="thinking")
    publish(live, "state", state="writing")
    publish(live, "sentence", turn_id=turn_id, n=0, text="First.")
    with live.listening() as heard:
        publish(live, "sentence", turn_id=turn_id, n=1, text="Second.")
        got = list(islice(heard, 3))
    assert [event.data.get("state") or event.data["text"] for event in got] == ["writing", "First.", "Second."]


def test_a_listener_that_comes_too_late_for_a_turn_hears_its_end(live: Live) -> None:
    turn_id = open_turn(live)
    message_id = store(live, "Here you are.")
    with db.transaction() as session:
        turn = session.get_one(Turn, turn_id)
        turn.ended_at, turn.outcome = datetime.now(UTC), "answered"
    with live.listening() as heard:
        got = list(islice(heard, 2))
    assert [(event.kind, event.data.get("id")) for event in got] == [("message", message_id), ("done", None)]


def test_an_answer_that_redis_never_told_comes_from_the_database(live: Live) -> None:
    with live.listening() as heard:
        publish(live, "state", state="thinking")
        next(heard)
        began = time.monotonic()
        message_id = store(live, "Redis was away.")
        assert next(heard).data["id"] == message_id
    assert time.monotonic() - began < 6


def test_a_stream_that_redis_forgot_is_caught_up_from_the_database(live: Live) -> None:
    with live.listening() as heard:
        publish(live, "state", state="thinking")
        last = next(heard).id
    message_id = store(live, "Said while you were away.")
    bus.client().flushdb()
    with live.listening(last) as heard:
        assert next(heard).data["id"] == message_id


def test_nobody_is_cut_off_when_redis_drops_all_connections(live: Live) -> None:
    with live.listening() as heard:
        publish(live, "message", id="m1")
        next(heard)
        bus.client().client_kill_filter(_type="pubsub", skipme=True)
        publish(live, "message", id="m2")
        assert next(heard).data["id"] == "m2"
        publish(live, "message", id="m3")
        assert next(heard).data["id"] == "m3"


def test_the_stream_ends_with_its_token(live: Live) -> None:
    visitor = auth.read_token(get_settings(), live.token, now=auth.utc_now())
    lifetime = timedelta(minutes=get_settings().visitor_token_minutes)
    token, _ = auth.make_token(
        get_settings(),
        site_id=visitor.site_id,
        visitor_id=visitor.visitor_id,
        thread_id=visitor.thread_id,
        now=auth.utc_now() - lifetime + timedelta(seconds=2),
    )
    with Live(live.server, live.client, live.thread_id, token).listening() as heard:
        got = list(heard)
    assert [(event.kind, event.data["error"]) for event in got] == [("error", "TokenExpired")]


def test_a_ninth_stream_of_a_thread_is_refused(live: Live) -> None:
    from contextlib import ExitStack

    with ExitStack() as open_streams:
        for _ in range(8):
            open_streams.enter_context(live.listening())
        refused = live.client.get(f"/api/agent/thread/{live.thread_id}/events", headers=live.headers)
        assert (refused.status_code, refused.json()["error"]) == (429, "TooManyRequests")


def test_streams_end_when_the_server_stops(live: Live) -> None:
    with live.listening() as heard:
        live.server.should_exit = True
        began = time.monotonic()
        assert list(heard) == []
    assert time.monotonic() - began < 2


def test_what_begins_says_who_has_the_thread(live: Live) -> None:
    live.client.post("/api/agent/handoff", json={"thread_id": live.thread_id}, headers=live.headers)
    with live.listening() as heard:
        assert next(heard).data == {"state": "calling_person"}
