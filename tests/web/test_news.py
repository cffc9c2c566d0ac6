"""What a listener that comes, or comes back, is told from the Redis stream: no server needed."""

import json
from typing import Any

from web.hub import Heard, Listener, Missed
from web.news import Known, after, note_told, order, read_event_id, still_open


def row(n: int, kind: str, /, **data: Any) -> tuple[str, dict[str, str]]:
    return f"{n}-0", {"kind": kind, "data": json.dumps(data)}


STREAM = [
    row(1, "sentence", turn_id="old", n=0),
    row(2, "message", id="m1"),
    row(3, "done", turn_id="old"),
    row(4, "state", state="thinking"),
    row(5, "state", state="writing"),
    row(6, "sentence", turn_id="new", n=0, text="taken back"),
    row(7, "state", state="writing"),
    row(8, "sentence", turn_id="new", n=0, text="stands"),
]


def test_a_reload_in_mid_answer_gets_what_stands_of_the_open_turn() -> None:
    told = still_open(STREAM)
    assert [(item.kind, item.id) for item in told] == [("state", "7-0"), ("sentence", "8-0")]


def test_a_listener_that_comes_back_gets_what_followed() -> None:
    assert [item.id for item in after(STREAM, "6-0") or []] == ["7-0", "8-0"]
    assert after(STREAM, "8-0") == []


def test_a_stream_that_does_not_reach_back_is_told_from_one_that_does() -> None:
    assert after(STREAM[3:], "2-0") is None
    assert after([], "2-0") is None


def test_nothing_is_told_twice() -> None:
    known = Known()
    message = Heard("message", '{"id": "m1"}', "2-0")
    assert known.is_new(message)
    assert not known.is_new(message)
    assert not known.is_new(Heard("message", '{"id": "m1"}'))  # found in the database as well
    assert known.is_new(Heard("done", '{"turn_id": "t"}'))
    assert not known.is_new(Heard("sentence", '{"turn_id": "t"}', "3-0"))  # too late for this turn


def test_what_was_told_before_the_break_is_known_after_it() -> None:
    known = Known("3-0")
    note_told(known, STREAM)
    assert not known.is_new(Heard("message", '{"id": "m1"}'))
    assert not known.is_new(Heard("done", '{"turn_id": "old"}'))


def test_ids_are_ordered_as_numbers_and_checked() -> None:
    assert order("9-2") < order("10-0") < order("10-11")
    assert read_event_id("1795349142948-0") == "1795349142948-0"
    for bad in (None, "", "x", "1", "1-", "-1", "1-0\r\n", "9" * 40 + "-0"):
        assert read_event_id(bad) is None


def test_a_listener_that_falls_far_behind_starts_over() -> None:
    from uuid import uuid4

    listener = Listener(uuid4())
    for n in range(600):
        listener.hear(Heard("state", "{}", f"{n}-0"))
    assert isinstance(listener.news[0], Missed)
    assert len(listener.news) < 200
