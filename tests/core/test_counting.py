"""What is counted in any process is read in every other, and nothing is lost or counted twice while Redis is away."""

import threading
from collections.abc import Iterator

import pytest
import redis

from core import bus, counting
from core.counting import COUNTS, LEVELS, SUM, TALLY, Counter, Flusher, Histogram, Tally
from core.embedded import Addresses

CUPS = Counter("cups", "Cups of tea", ("kind",))
SIPS = Histogram("sips", "How long a sip takes", (), (0.1, 1.0))


@pytest.fixture
def tally(servers: Addresses) -> Iterator[Tally]:
    """This process's tally, with nothing counted so far."""
    TALLY.flush()
    bus.client().delete(COUNTS, LEVELS)
    yield TALLY
    TALLY.on = True
    TALLY.flush()
    bus.client().delete(COUNTS, LEVELS)


def test_two_processes_are_one_sum(tally: Tally) -> None:
    other = Tally()
    CUPS.add("green")
    CUPS.add("green", by=2)
    other.add((("cups", "green"), 4.0), (("cups", "black"), 1.0))
    other.flush()
    assert tally.read() == {("cups", "green"): 7.0, ("cups", "black"): 1.0}
    assert other.read() == tally.read()


def test_sizes_fall_into_buckets_with_their_upper_bound(tally: Tally) -> None:
    for size in (0.05, 0.1, 0.5, 7.0):
        SIPS.observe(size)
    found = tally.read()
    assert {key[-1]: count for key, count in found.items()} == {"0.1": 2.0, "1.0": 1.0, "+Inf": 1.0, SUM: 7.65}


def test_what_is_timed_counts_also_where_it_fails(tally: Tally) -> None:
    with pytest.raises(ZeroDivisionError), SIPS.timing():
        _ = 1 / 0
    assert tally.read()["sips", "0.1"] == 1.0


def test_counts_wait_while_redis_is_away(tally: Tally) -> None:
    clients = [bus.client(), *(redis.Redis(port=1, socket_connect_timeout=0.2) for _ in range(2))]
    away = Tally(clients.pop)
    away.add((("cups", "green"), 3.0))
    for _ in range(2):
        with pytest.raises(redis.RedisError):
            away.flush()
    away.flush()
    assert tally.read() == {("cups", "green"): 3.0}


def test_what_the_judge_tries_is_not_counted(tally: Tally) -> None:
    with counting.apart():
        CUPS.add("green")
    CUPS.add("black")
    assert tally.read() == {("cups", "black"): 1.0}


def test_nothing_is_counted_where_the_settings_say_so(tally: Tally) -> None:
    tally.on = False
    CUPS.add("green")
    assert tally.read() == {}


def test_levels_are_those_of_living_processes(tally: Tally) -> None:
    now = 1_000_000.0
    gone, here = Tally(clock=lambda: now - counting.LEVEL_SECONDS - 1), Tally(clock=lambda: now)
    gone.raise_level("streams", 5)
    gone.flush()
    assert "streams" not in here.read_levels()
    here.raise_level("streams", 3)
    here.raise_level("streams", -1)
    here.flush()
    assert here.read_levels()["streams"] == 2.0


def test_threads_count_together(tally: Tally) -> None:
    def drink() -> None:
        for _ in range(500):
            CUPS.add("green")

    threads = [threading.Thread(target=drink) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.read() == {("cups", "green"): 2000.0}


def test_a_process_that_ends_brings_its_counts_along(tally: Tally) -> None:
    flusher = Flusher(tally)
    flusher.start()
    CUPS.add("green")
    flusher.stop()
    flusher.stop()
    assert Tally().read() == {("cups", "green"): 1.0}
