"""A worker that is asked to end: it finishes what runs, and what it can't finish goes to another one at once."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from core import db
from core.embedded import Addresses
from core.models import Message, Turn, WorkerBeat
from core.settings import get_settings
from ops.bench.processes import free_port, wait_for_port
from ops.children import Child, stop
from orchestrator import inbox
from tests.conftest import SITE
from tests.test_path_of_a_message import RETURNS, index_one

pytestmark = pytest.mark.slow
TURNS = 6
MODEL_MS = 2000  # a turn asks twice

Start = Callable[..., Child]


@pytest.fixture
def start(committed: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts workers, and returns each once it has announced itself; a slow model answers them."""
    model_port = free_port()
    (tmp_path / "returns.md").write_text(RETURNS)
    monkeypatch.setenv("HANDRAIL_BRAIN", "openai")
    monkeypatch.setenv("HANDRAIL_MODEL", "fake")
    monkeypatch.setenv("HANDRAIL_TURN_SECONDS", "30")
    monkeypatch.setenv("HANDRAIL_LEASE_SECONDS", "60")  # whoever waits for a lease to end fails these tests
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{model_port}/v1")
    get_settings.cache_clear()
    index_one(tmp_path)
    model = Child("model", ("-m", "ops.bench.fake_model", str(model_port), str(MODEL_MS)), tmp_path / "model.log")
    started = [model]
    model.start()
    wait_for_port(model_port)

    def begin(**settings: Any) -> Child:
        for name, value in settings.items():
            monkeypatch.setenv(f"HANDRAIL_{name}", str(value))
        child = Child("chat", ("-m", "ops.cli", "worker", "chat"), tmp_path / f"chat{len(started)}.log")
        child.start()
        started.append(child)
        wait_until(lambda: any(name.endswith(f":{pid(child)}") for name in beats()), 40)
        return child

    yield begin
    stop([child for child in started if child.process and child.process.poll() is None], 5)
    get_settings.cache_clear()


def pid(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def beats() -> list[str]:
    with db.transaction() as session:
        return list(session.scalars(select(WorkerBeat.name)))


def wait_until(happens: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happens():
            return
        time.sleep(0.05)
    pytest.fail(f"it did not happen within {seconds} s")


def ask(count: int = TURNS) -> list[UUID]:
    """Questions of as many visitors."""
    asked = []
    for _ in range(count):
        with db.transaction() as session:
            thread = inbox.open_thread(session, SITE, "web")
            turn_id = inbox.accept(session, thread, "How long do I have to return a jacket?", uuid4().hex).turn_id
            assert turn_id is not None
            asked.append(turn_id)
    return asked


def turns(asked: list[UUID]) -> list[Turn]:
    with db.transaction() as session:
        return list(session.scalars(select(Turn).where(Turn.id.in_(asked))))


def claimed(asked: list[UUID]) -> bool:
    return all(turn.fence for turn in turns(asked))


def answered(asked: list[UUID]) -> bool:
    """Each has its one reply."""
    with db.transaction() as session:
        said = session.scalars(select(Message.turn_id).where(Message.turn_id.in_(asked), Message.role == "agent"))
        return sorted(map(str, said)) == sorted(map(str, asked))


def end(child: Child) -> None:
    assert child.process is not None
    child.process.send_signal(signal.SIGTERM)


def exit_code(child: Child, seconds: float) -> int:
    assert child.process is not None
    return int(child.process.wait(seconds))


def test_a_worker_finishes_its_turns_before_it_ends(start: Start) -> None:
    worker = start()
    asked = ask()
    wait_until(lambda: claimed(asked), 10)
    end(worker)
    assert exit_code(worker, 20) == 0
    assert answered(asked)
    assert {(turn.outcome, turn.fence) for turn in turns(asked)} == {("answered", 1)}, "nobody else had to help"
    assert beats() == []


def test_a_worker_that_ends_takes_nothing_new(start: Start) -> None:
    worker = start()
    asked = ask(1)
    wait_until(lambda: claimed(asked), 10)
    end(worker)
    time.sleep(0.5)
    late = ask(1)
    assert exit_code(worker, 20) == 0
    assert [turn.fence for turn in turns(late)] == [0]
    start()  # the bell still waits there
    wait_until(lambda: answered(late), 20)


def test_what_is_not_finished_in_time_goes_to_another_worker_at_once(start: Start) -> None:
    worker = start(DRAIN_SECONDS=1.5)
    asked = ask(2)
    wait_until(lambda: claimed(asked), 10)
    end(worker)
    assert exit_code(worker, 5) == 0
    assert [turn.leased_until for turn in turns(asked)] == [None, None]
    start()
    wait_until(lambda: answered(asked), 20)
    assert [turn.fence for turn in turns(asked)] == [2, 2]


def test_the_second_signal_ends_it_at_once_and_gives_its_turns_back(start: Start) -> None:
    worker = start()
    asked = ask(2)
    wait_until(lambda: claimed(asked), 10)
    end(worker)
    time.sleep(0.2)
    end(worker)
    assert exit_code(worker, 3) == 1
    assert [turn.leased_until for turn in turns(asked)] == [None, None]
