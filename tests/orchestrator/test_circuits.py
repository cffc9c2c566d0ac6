"""Circuits are shared by all processes, survive a Redis that is away, and let one failure close the door again."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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


def half_open(line: Counting, seconds: float = 0.05) -> list[Circuits]:
    """Three processes that know of a rest which is over."""
    process(line).trip(TOOL, seconds)
    time.sleep(seconds + 0.01)
    processes = [process(line) for _ in range(3)]
    assert [one.resting() for one in processes] == [{}, {}, {}]
    return processes


def test_after_the_rest_one_may_try_and_for_the_others_it_rests_on(line: Counting) -> None:
    processes = half_open(line)
    assert [one.enter(TOOL, 30) for one in processes] == [True, False, False]
    assert not processes[0].enter(TOOL, 30), "one probe, and not one for each who was the first"
    (left,) = process(line).resting().values()
    assert 29 < left <= 30


def test_threads_that_come_together_send_one_probe(line: Counting) -> None:
    one, *_ = half_open(line)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: one.enter(TOOL, 30), range(40))) == 1


def test_a_probe_that_succeeds_lets_everybody_in(line: Counting) -> None:
    one, other, third = half_open(line)
    assert one.enter(TOOL, 30)
    one.succeeded(TOOL)
    assert third.resting() == {}
    assert [each.enter(TOOL, 30) for each in (other, third, other)] == [True, True, True]
    assert not other.failed(TOOL, threshold=2, seconds=60), "a new row"


def test_a_probe_that_fails_opens_it_for_a_whole_rest(line: Counting) -> None:
    one, other, _ = half_open(line)
    assert one.enter(TOOL, 300)
    assert one.failed(TOOL, threshold=3, seconds=10)
    for each in (one, other):
        assert 9 < each.resting()[TOOL] <= 10
        assert not each.enter(TOOL, 30)
    assert one.opened() == {TOOL: 2}


def test_a_probe_that_is_never_answered_makes_room_for_another(line: Counting) -> None:
    one, other, third = half_open(line)
    assert one.enter(TOOL, 0.05)
    assert not other.enter(TOOL, 30)
    time.sleep(0.06)
    assert [other.enter(TOOL, 30), third.enter(TOOL, 30)] == [True, False]


def test_while_it_rests_nobody_enters_and_nothing_is_probed(line: Counting) -> None:
    process(line).trip(TOOL, 60)
    one = process(line)
    one.resting()
    assert not one.enter(TOOL, 0.01)
    one.succeeded(TOOL)
    assert list(process(line).resting()) == [TOOL], "whoever did not enter was no probe"


def test_entering_where_nothing_is_wrong_asks_nobody(line: Counting) -> None:
    one = process(line)
    one.resting()
    line.trips = 0
    assert all(one.enter(TOOL, 3) for _ in range(100))
    assert line.trips == 0


def test_without_redis_a_process_sends_one_probe_by_itself(line: Counting) -> None:
    one = process(line)
    line.away = True
    one.trip(MODEL, 30)
    assert not one.enter(MODEL, 5)
    one.clock.now += 31  # type: ignore[attr-defined]
    assert [one.enter(MODEL, 5), one.enter(MODEL, 5)] == [True, False]
    assert one.resting() == {MODEL: 5}
    one.clock.now += 6  # type: ignore[attr-defined]
    assert one.enter(MODEL, 50), "the first one was never answered"
    assert one.failed(MODEL, threshold=3, seconds=30)
    assert one.resting() == {MODEL: 30}
    one.clock.now += 31  # type: ignore[attr-defined]
    assert one.enter(MODEL, 5)
    one.succeeded(MODEL)
    assert one.resting() == {}
    assert [one.enter(MODEL, 5), one.enter(MODEL, 5)] == [True, True]


def test_a_rest_that_redis_missed_is_probed_once_when_redis_is_there_again(line: Counting) -> None:
    one = process(line)
    line.away = True
    one.trip(MODEL, 30)
    line.away = False
    one.clock.now += 31  # type: ignore[attr-defined]
    assert [one.enter(MODEL, 5), one.enter(MODEL, 5)] == [True, False]


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
