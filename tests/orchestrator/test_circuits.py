"""Circuits are shared by all processes, survive a Redis that is away, and let one failure close the door again."""

import time
from collections.abc import Iterator

import pytest
import redis

from core import bus
from core.embedded import Addresses
from orchestrator.circuits import FORGET_S, REDIS_AWAY_S, Circuits

TOOL, MODEL = "tool:get_order", "model:gpt-x"


class Clock:
    """Stands still until it is moved."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Counting:
    """A Redis client that counts round trips, and can be away."""

    def __init__(self) -> None:
        self.trips, self.away = 0, False

    def __call__(self) -> redis.Redis:
        self.trips += 1
        if self.away:
            raise redis.ConnectionError("away")
        return bus.client()


@pytest.fixture
def line(servers: Addresses) -> Iterator[Counting]:
    """A way to this process's Redis."""
    bus.client().flushdb()
    yield Counting()
    bus.client().flushdb()


def process(line: Counting) -> Circuits:
    """As another process sees them."""
    return Circuits(line, Clock())


def test_one_process_trips_and_all_see_it_rest(line: Counting) -> None:
    process(line).trip(TOOL, 60)
    (name, left), *others = process(line).resting().items()
    assert (name, others) == (TOOL, [])
    assert 59 < left <= 60


def test_all_open_circuits_come_in_one_round_trip(line: Counting) -> None:
    for number in range(20):
        process(line).trip(f"to:notices:{number}", 60)
    line.trips = 0
    assert len(process(line).resting()) == 20
    assert line.trips == 1


def test_failures_in_a_row_open_it_whoever_counts_them(line: Counting) -> None:
    opened = [process(line).failed(MODEL, threshold=3, seconds=30) for _ in range(3)]
    assert opened == [False, False, True]
    assert list(process(line).resting()) == [MODEL]


def test_a_success_ends_the_row(line: Counting) -> None:
    one, other = process(line), process(line)
    one.failed(MODEL, threshold=3, seconds=30)
    one.failed(MODEL, threshold=3, seconds=30)
    assert other.resting() == {}, "it fails, but it does not rest"
    other.succeeded(MODEL)
    assert not one.failed(MODEL, threshold=3, seconds=30)


def test_a_success_where_nothing_is_wrong_asks_nobody(line: Counting) -> None:
    one = process(line)
    one.resting()
    line.trips = 0
    for _ in range(100):
        one.succeeded(TOOL)
    assert line.trips == 0


def test_after_the_rest_the_first_failure_opens_it_again(line: Counting) -> None:
    process(line).trip(TOOL, 0.05)
    time.sleep(0.06)
    assert process(line).resting() == {}, "half open: it may be tried"
    assert process(line).failed(TOOL, threshold=3, seconds=60)
    assert list(process(line).resting()) == [TOOL]


def test_after_the_rest_a_success_closes_it(line: Counting) -> None:
    one = process(line)
    one.trip(TOOL, 0.05)
    time.sleep(0.06)
    one.clock.now += 1  # type: ignore[attr-defined]
    other = process(line)
    other.resting()
    other.succeeded(TOOL)
    assert not process(line).failed(TOOL, threshold=2, seconds=60)


def test_a_late_success_does_not_end_the_rest(line: Counting) -> None:
    one = process(line)
    one.trip(TOOL, 60)
    one.succeeded(TOOL)
    assert list(process(line).resting()) == [TOOL]


def test_failures_while_it_rests_neither_count_nor_prolong(line: Counting) -> None:
    one = process(line)
    one.trip(TOOL, 10)
    assert not one.failed(TOOL, threshold=1, seconds=600)
    assert one.resting()[TOOL] <= 10
    assert one.opened() == {TOOL: 1}


def test_without_redis_a_process_remembers_by_itself(line: Counting) -> None:
    one = process(line)
    line.away = True
    assert [one.failed(MODEL, threshold=3, seconds=30) for _ in range(3)] == [False, False, True]
    assert one.resting() == {MODEL: 30}
    one.clock.now += 31  # type: ignore[attr-defined]
    assert one.resting() == {}
    assert one.failed(MODEL, threshold=3, seconds=30), "the probe failed"
    one.clock.now += 31  # type: ignore[attr-defined]
    one.succeeded(MODEL)
    assert not one.failed(MODEL, threshold=3, seconds=30)


def test_what_was_shared_is_remembered_when_redis_goes_and_unshared_rests_stand_when_it_comes(line: Counting) -> None:
    one = process(line)
    one.trip(TOOL, 60)
    line.away = True
    one.trip(MODEL, 60)
    assert list(one.resting()) == [MODEL, TOOL]
    line.away = False
    one.clock.now += REDIS_AWAY_S  # type: ignore[attr-defined]
    assert list(one.resting()) == [MODEL, TOOL]
    assert list(process(line).resting()) == [TOOL]


def test_a_redis_that_is_away_is_not_waited_for_in_every_turn(line: Counting) -> None:
    one = process(line)
    line.away = True
    for _ in range(50):
        one.resting()
    assert line.trips == 1


def test_an_old_failure_is_no_part_of_a_row(line: Counting) -> None:
    one = process(line)
    line.away = True
    one.failed(MODEL, threshold=2, seconds=30)
    one.clock.now += FORGET_S + 1  # type: ignore[attr-defined]
    assert not one.failed(MODEL, threshold=2, seconds=30)


def test_openings_are_counted(line: Counting) -> None:
    process(line).trip(TOOL, 60)
    for _ in range(6):
        process(line).failed(MODEL, threshold=3, seconds=30)
    assert process(line).opened() == {TOOL: 1, MODEL: 1}
    line.away = True
    assert process(line).opened() == {}
