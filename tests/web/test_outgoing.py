"""The outbox delivered to a real receiver over a real database: at least once, under one key, in bounded time."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.db import transaction
from core.models import Outgoing, Site
from core.outbox import put
from core.queue import Job
from core.settings import Settings
from tests.conftest import SITE, make_site
from tests.web.receiver import SECRET, Receiver, receiving, slow, status
from web.outgoing.claims import claim, ready, settle
from web.outgoing.delivery import Courier
from web.outgoing.gauges import OLDEST, OUTBOX, measure_outbox
from web.outgoing.tasks import sweep
from web.outgoing.verdicts import Sent
from web.scheduler import schedule

ROOT = Path(__file__).parents[2]
WORKER = """
from core.settings import get_settings
from web.outgoing.delivery import Courier

Courier(get_settings()).deliver_one()
"""


@dataclass
class Circuits:
    """Circuits that count in this test alone."""

    failures: dict[str, int] = field(default_factory=dict)
    open: dict[str, float] = field(default_factory=dict)

    def failed(self, name: str, *, threshold: int, seconds: float) -> bool:
        self.failures[name] = self.failures.get(name, 0) + 1
        if self.failures[name] >= threshold:
            self.open[name] = seconds
        return name in self.open

    def succeeded(self, name: str) -> None:
        self.failures.pop(name, None)

    def resting(self) -> dict[str, float]:
        return self.open


@pytest.fixture
def there(committed: object) -> Iterator[Receiver]:
    """A receiver that the test's site knows."""
    with receiving() as found:
        with transaction() as session:
            site = make_site(session)
            site.notices_url, site.notices_secret = found.url, SECRET
        yield found


def courier(**more: Any) -> Courier:
    values = {"outgoing_private_hosts": ("127.0.0.1",), "outgoing_seconds": 1.0} | more
    return Courier(Settings.model_validate(values), Circuits(), chance=lambda _, longest: longest)


def drop(*keys: str, destination: str = f"notices:{SITE}") -> None:
    for key in keys:
        with transaction() as session:
            put(session, site_id=SITE, destination=destination, kind="test", key=key, body={"type": "test", "n": "é"})


def row(key: str) -> Outgoing:
    with transaction() as session:
        return session.scalars(select(Outgoing).where(Outgoing.key == key)).one()


def let_pass(seconds: float) -> None:
    """Move what is written down so far back in time."""
    step = timedelta(seconds=seconds)
    moved = {"due_at": Outgoing.due_at - step, "leased_until": Outgoing.leased_until - step}
    with transaction() as session:
        session.execute(update(Outgoing).values(moved | {"created_at": Outgoing.created_at - step}))


def wait_s(key: str) -> float:
    with transaction() as session:
        left = select(func.extract("epoch", Outgoing.due_at - func.now())).where(Outgoing.key == key)
        return float(session.scalar(left) or 0)


def deliver_all(sender: Courier) -> int:
    count = 0
    while sender.deliver_one():
        count += 1
    return count


def test_it_arrives_signed_under_its_key_and_once(there: Receiver) -> None:
    drop("ticket:1", "ticket:1")
    assert deliver_all(courier()) == 1
    (request,) = there.requests
    assert request.verified()
    assert request.body == {"type": "test", "n": "é"}
    assert request.key == request.headers["idempotency-key"] == "ticket:1"
    kept = row("ticket:1")
    assert (kept.state, kept.attempts, kept.reason, kept.leased_until) == ("sent", 1, "", None)
    assert kept.sent_at is not None


def test_what_is_rolled_back_never_leaves(there: Receiver) -> None:
    def fail() -> None:
        with transaction() as session:
            put(session, site_id=SITE, destination=f"notices:{SITE}", kind="test", key="a", body={})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert deliver_all(courier()) == 0
    assert there.requests == []


def test_the_oldest_leaves_first(there: Receiver) -> None:
    keys = [f"n:{number}" for number in range(6)]
    drop(*keys)
    deliver_all(courier())
    assert there.keys == keys


def test_eight_workers_at_once_send_each_thing_once_and_one_at_a_time(there: Receiver) -> None:
    keys = [f"n:{number}" for number in range(12)]
    drop(*keys)
    with ThreadPoolExecutor(8) as pool:
        while there.keys != keys:
            sent = sum(pool.map(lambda _: courier().deliver_one(), range(8)))
            assert sent
    assert there.most_at_once == 1


def test_a_slow_destination_does_not_hold_up_another(there: Receiver) -> None:
    with receiving() as other, ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            second = make_site(session, "second")
            second.notices_url, second.notices_secret = other.url, SECRET
        there.replies = [slow(0.7)]
        drop("a", "b")
        drop("c", destination="notices:second")
        first = pool.submit(courier().deliver_one)
        there.arrived.acquire()
        assert courier().deliver_one()
        assert not courier().deliver_one()
        assert (other.keys, first.done()) == (["c"], False)


def test_a_failure_is_tried_again_after_its_wait_under_the_same_key(there: Receiver) -> None:
    there.replies = [status(500)]
    drop("a")
    sender = courier()
    assert deliver_all(sender) == 1
    failed = row("a")
    assert (failed.state, failed.attempts, failed.reason) == ("pending", 1, "It answered with HTTP 500.")
    assert 4 < wait_s("a") <= 5
    let_pass(5)
    assert deliver_all(sender) == 1
    assert there.keys == ["a", "a"]
    assert all(request.verified() for request in there.requests)
    assert row("a").state == "sent"


def test_who_asks_for_quiet_gets_it_for_everything(there: Receiver) -> None:
    there.replies = [status(429, Retry_After="90")]
    drop("a", "b")
    assert deliver_all(courier()) == 1
    assert 88 < wait_s("a") <= 90
    assert 88 < wait_s("b") <= 90
    let_pass(90)
    assert deliver_all(courier()) == 2


@pytest.mark.parametrize(("code", "state"), [(404, "dead"), (409, "pending"), (301, "dead")])
def test_what_can_not_succeed_is_dead_at_once(there: Receiver, code: int, state: str) -> None:
    there.replies = [status(code, Location="/elsewhere")]
    drop("a")
    deliver_all(courier())
    assert row("a").state == state
    assert str(code) in row("a").reason


def test_after_the_last_attempt_it_is_dead_with_a_reason(there: Receiver) -> None:
    there.replies = [status(503)] * 3
    drop("a")
    for _ in range(5):
        deliver_all(courier(outgoing_attempts=3))
        let_pass(3600)
    assert len(there.requests) == 3
    kept = row("a")
    assert (kept.state, kept.reason) == ("dead", "It answered with HTTP 503. That was attempt 3, the last one.")


def test_a_destination_that_keeps_failing_rests_and_that_counts_as_no_attempt(there: Receiver) -> None:
    there.replies = [status(500)] * 3
    drop("a", "b", "c", "d")
    sender = courier()
    assert deliver_all(sender) == 3
    assert sender.circuits.resting() == {f"to:notices:{SITE}": 60.0}
    let_pass(3600)
    assert deliver_all(sender) == 0
    assert [row(key).attempts for key in "abcd"] == [1, 1, 1, 0]
    assert deliver_all(replace(sender, circuits=Circuits())) == 4
    assert row("d").state == "sent"


def test_a_private_address_is_refused_with_a_reason(there: Receiver) -> None:
    drop("a")
    deliver_all(courier(outgoing_private_hosts=()))
    with transaction() as session:
        session.get_one(Site, SITE).notices_url = "https://127.0.0.1/"
    drop("b")
    deliver_all(courier(outgoing_private_hosts=()))
    assert there.requests == []
    assert (row("a").state, row("b").state) == ("dead", "dead")
    assert "TLS" in row("a").reason
    assert "private address" in row("b").reason
    assert "HANDRAIL_OUTGOING_PRIVATE_HOSTS" in row("b").reason


def test_an_address_that_was_taken_away_is_a_dead_letter(there: Receiver) -> None:
    drop("a")
    with transaction() as session:
        session.get_one(Site, SITE).notices_url = ""
    deliver_all(courier())
    assert (row("a").state, row("a").reason) == ("dead", "The address for this is not set any more.")


def test_a_worker_killed_after_its_post_is_followed_by_another_under_the_same_key(there: Receiver) -> None:
    there.replies = [slow(30)]
    drop("a")
    environment = os.environ | {"HANDRAIL_OUTGOING_PRIVATE_HOSTS": '["127.0.0.1"]', "HANDRAIL_OUTGOING_SECONDS": "20"}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment)  # noqa: S603
    assert there.arrived.acquire(timeout=30)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert deliver_all(courier()) == 0  # its lease holds
    let_pass(26)
    assert deliver_all(courier()) == 1
    assert there.keys == ["a", "a"]
    assert (row("a").state, row("a").attempts) == ("sent", 2)


def test_a_worker_that_comes_back_too_late_changes_nothing(there: Receiver) -> None:
    drop("a")
    sender = courier()
    with transaction() as session:
        late = claim(session, sender.settings, ())
    assert late is not None
    let_pass(60)
    there.replies = [status(404)]
    deliver_all(sender)
    with transaction() as session:
        assert not settle(session, late, Sent())
    assert row("a").state == "dead"


def test_what_ends_every_worker_is_dead_in_the_end(there: Receiver) -> None:
    drop("a")
    sender = courier(outgoing_attempts=2)
    for _ in range(4):
        with transaction() as session:
            claim(session, sender.settings, ())
        let_pass(60)
    sweep(sender)
    assert (row("a").state, row("a").attempts) == ("dead", 2)
    assert "worker ended" in row("a").reason


def test_the_sweep_finds_what_is_due_and_forgets_what_left_long_ago(there: Receiver) -> None:
    sender = courier()
    drop("a")
    deliver_all(sender)
    with transaction() as session:
        session.execute(update(Outgoing).values(sent_at=Outgoing.sent_at - timedelta(days=8)))
    drop("b")
    sweep(sender)
    with transaction() as session:
        assert session.scalars(select(Outgoing.key).where(ready(sender.settings))).all() == ["b"]
        assert session.scalars(select(Outgoing.key)).all() == ["b"]
    assert str(Job.SWEEP_OUTBOX) in schedule(sender.settings)


def test_the_gauges_tell_states_and_age(there: Receiver) -> None:
    there.replies = [status(404)]
    drop("a", "b", "c")
    sender = courier()
    sender.deliver_one()
    sender.deliver_one()
    let_pass(30)
    with transaction() as session:
        measure_outbox(session)
    found = {state: OUTBOX.labels(state)._value.get() for state in ("pending", "sent", "dead")}
    assert found == {"pending": 1, "sent": 1, "dead": 1}
    assert 30 <= OLDEST._value.get() < 60
