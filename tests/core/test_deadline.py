"""Deadlines call back once, on time, from one thread; what is left in time hears nothing."""

import os
import random
import threading
import time
from collections.abc import Callable

import pytest

from core import deadline
from core.deadline import Deadline, at_most, in_force


def eventually(holds: Callable[[], object], seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.005)
    return bool(holds())


def watchers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "deadlines"]


def test_what_is_left_only_shrinks_and_ends_at_zero() -> None:
    now = [0.0]
    one = Deadline(2.0, clock=lambda: now[0])
    assert (one.left(), one.passed) == (2.0, False)
    now[0] = 2.0
    assert (one.left(), one.passed) == (0.0, True)
    now[0] = 9.0
    assert one.left() == 0.0


def test_a_deadline_that_passes_calls_back_once() -> None:
    called: list[float] = []
    began = time.monotonic()
    with Deadline(0.05).on_pass(lambda: called.append(time.monotonic())):
        assert eventually(lambda: called)
        time.sleep(0.05)
    assert len(called) == 1
    assert called[0] - began >= 0.05


def test_one_that_has_passed_already_calls_back_at_once() -> None:
    called = threading.Event()
    with Deadline(0.0).on_pass(called.set):
        assert called.wait(10)


def test_after_the_block_nothing_is_called() -> None:
    called: list[int] = []
    with Deadline(0.05).on_pass(lambda: called.append(1)):
        pass
    time.sleep(0.15)
    assert called == []


def test_leaving_the_block_waits_for_a_callback_that_runs() -> None:
    order: list[str] = []
    began = threading.Event()

    def slow() -> None:
        began.set()
        time.sleep(0.1)
        order.append("called back")

    with Deadline(0.0).on_pass(slow):
        assert began.wait(10)
    order.append("left")
    assert order == ["called back", "left"]


def test_a_callback_that_breaks_is_logged_and_the_next_one_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise RuntimeError("on purpose")

    called = threading.Event()
    with Deadline(0.0).on_pass(broken), Deadline(0.02).on_pass(called.set):
        assert called.wait(10)
    out = capsys.readouterr()
    assert "deadline_callback_failed" in out.out + out.err


def test_a_nearer_deadline_is_not_kept_waiting_by_a_farther_one() -> None:
    called = threading.Event()
    with Deadline(60).on_pass(lambda: None):
        time.sleep(0.02)  # the watchdog sleeps for a minute now
        with Deadline(0.02).on_pass(called.set):
            assert called.wait(10)


def test_thousands_of_deadlines_share_one_thread_and_leave_nothing_behind() -> None:
    chance = random.Random(7)
    passed: list[int] = []

    def work(first: int) -> None:
        for number in range(first, first + 500):
            if chance.random() < 0.9:
                with Deadline(30).on_pass(lambda: passed.append(-1)):
                    pass
            else:
                done = threading.Event()
                with Deadline(chance.random() / 100).on_pass(done.set):
                    assert done.wait(20)
                passed.append(number)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 8_000, 500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert -1 not in passed
    assert 500 < len(passed) < 1_200
    assert len(watchers()) == 1
    assert len(deadline._watchdog) <= 2 * deadline.MOST_DEAD, "what was called off does not pile up"


def test_many_that_pass_together_are_all_called() -> None:
    called: list[int] = []
    blocks = [Deadline(0.05).on_pass(lambda number=number: called.append(number)) for number in range(3_000)]  # type: ignore[misc]
    for block in blocks:
        block.__enter__()
    assert eventually(lambda: len(called) == 3_000)
    for block in blocks:
        block.__exit__(None, None, None)
    assert sorted(called) == list(range(3_000))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_a_watchdog_of_its_own() -> None:
    with Deadline(30).on_pass(lambda: None):  # the parent's thread runs, and an alarm of its lies across the fork
        child = os.fork()
        if child == 0:
            called = threading.Event()
            with Deadline(0.02).on_pass(called.set):
                os._exit(0 if called.wait(10) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_block_that_a_fork_lies_in_can_be_left_in_the_child() -> None:
    child = 0
    with Deadline(30).on_pass(lambda: None):
        child = os.fork()
    if child == 0:
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_deadline_in_force_bounds_what_is_asked_for() -> None:
    assert in_force() is None
    assert at_most(5.0) == 5.0
    with Deadline(1.0).in_force():
        assert 0.9 < at_most(5.0) <= 1.0
        assert at_most(0.5) == 0.5
        with Deadline(0.0).in_force():
            assert at_most(5.0) == 0.0
        assert at_most(5.0) > 0.9
    assert in_force() is None
