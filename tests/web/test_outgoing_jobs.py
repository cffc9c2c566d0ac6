"""The outbox's jobs: few threads, no lost bell, and a worker that does it all by itself."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core import queue
from core.db import transaction
from core.models import Outgoing
from core.outbox import put
from core.settings import get_settings
from ops.children import Child, stop
from tests.conftest import SITE, make_site
from tests.web.receiver import SECRET, Receiver, receiving, slow
from web.outgoing import tasks

SITES = ("one", "two", "three")


@pytest.fixture
def there(committed: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver that four sites know, and settings in which its address is allowed."""
    monkeypatch.setenv("HANDRAIL_OUTGOING_PRIVATE_HOSTS", '["127.0.0.1"]')
    monkeypatch.setenv("HANDRAIL_OUTGOING_SWEEP_SECONDS", "1")
    get_settings.cache_clear()
    tasks._slots.cache_clear()
    with receiving() as found:
        with transaction() as session:
            for name in (*SITES, SITE):
                site = make_site(session, name)
                site.notices_url, site.notices_secret = found.url, SECRET
        yield found
    get_settings.cache_clear()


def drop(key: str, site: str = SITE, *, bell: bool = True) -> None:
    with transaction() as session:
        put(session, site_id=site, destination=f"notices:{site}", kind="test", key=key, body={})
        if not bell:
            session.info.pop("jobs")


def until(true: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while not true() and time.monotonic() < ends:
        time.sleep(0.05)
    return true()


def bells() -> int:
    with queue.celery_app.connection_for_read() as connection:
        return int(connection.default_channel.client.llen("house"))


def test_slow_receivers_hold_two_threads_and_no_more(there: Receiver) -> None:
    there.replies = [slow(3)] * 3
    queue.celery_app.finalize()  # as a worker's start does; else eight threads bind the job at once
    for name in SITES:
        drop(f"to-{name}", name)
    with ThreadPoolExecutor(8) as pool:
        began = time.monotonic()
        jobs = [pool.submit(tasks.deliver) for _ in range(8)]
        let_go = wait(jobs, timeout=2).done
        wait(jobs)
    assert len(let_go) == 6
    assert time.monotonic() - began < 9  # two at a time, and none waits for the others
    assert there.most_at_once == 2
    assert len(there.requests) == 2


def test_whoever_sends_one_rings_for_the_next(there: Receiver) -> None:
    drop("a", bell=False)
    drop("b", bell=False)
    assert bells() == 0
    tasks.deliver()
    assert (there.keys, bells()) == (["a"], 1)
    tasks.deliver()
    assert (there.keys, bells()) == (["a", "b"], 1)  # nothing is left to ring for


def test_a_tick_is_one_sweep_however_often_it_comes(there: Receiver) -> None:
    drop("a", bell=False)
    time.sleep(1 - time.time() % 1)  # both ticks within one period
    tasks.sweep_outbox()
    tasks.sweep_outbox()
    assert bells() == 1


@pytest.mark.slow
def test_a_real_worker_delivers_and_the_sweep_finds_what_no_bell_was_rung_for(there: Receiver, tmp_path: Path) -> None:
    children = [
        Child("chat", ("-m", "ops.cli", "worker", "chat"), tmp_path / "chat.log"),
        Child("scheduler", ("-m", "ops.cli", "scheduler"), tmp_path / "scheduler.log"),
    ]
    try:
        for child in children:
            child.start()
        drop("rung")
        assert until(lambda: "rung" in there.keys, 60), (tmp_path / "chat.log").read_text()
        drop("unheard", bell=False)
        assert until(lambda: "unheard" in there.keys, 15)
        assert until(lambda: sent() == 2, 5)
    finally:
        stop(tuple(children), 5.0)
    assert there.keys == ["rung", "unheard"]
    assert all(request.verified() for request in there.requests)


def sent() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).where(Outgoing.state == "sent")) or 0
