"""What is asked of PostgreSQL or over HTTP ends with the deadline in force, and leaves nothing running behind it."""

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx2
import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree

from core import bounded, db
from core.deadline import Deadline
from core.embedded import Addresses

SLACK = 4.0  # machines are busy; what is waited for without a limit takes 30 s


def engine_of(url: object, pool: int = 4, app: str = "bounded") -> Engine:
    return db.make_engine(str(url), pool=pool, app=app)


@pytest.fixture
def engine(servers: Addresses) -> Iterator[Engine]:
    """A pool of four."""
    made = engine_of(servers.database_url)
    yield made
    made.dispose()


def running(servers: Addresses, what: str) -> int:
    """Statements with `what` in them that the server works on now."""
    watching = engine_of(servers.database_url, pool=1, app="watching")
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE :what AND pid <> pg_backend_pid()"
    )
    with watching.connect() as connection:
        found = int(connection.scalar(query, {"what": f"%{what}%"}) or 0)
    watching.dispose()
    return found


def ends_within(seconds: float, work: Callable[[], object], *errors: type[Exception]) -> None:
    began = time.monotonic()
    with pytest.raises(errors):
        work()
    assert time.monotonic() - began < seconds + SLACK


def sleep(engine: Engine, statement: str = "SELECT pg_sleep(30)", seconds: float = 0.2) -> None:
    with Deadline(seconds).in_force(), engine.begin() as connection:
        connection.execute(text(statement))


def test_a_statement_ends_and_the_server_knows(servers: Addresses, engine: Engine) -> None:
    ends_within(0.2, lambda: sleep(engine), OperationalError)
    assert running(servers, "pg_sleep(30)") == 0
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_the_connection_is_clean_and_used_again(engine: Engine) -> None:
    with engine.connect() as connection:
        before = connection.scalar(text("SELECT pg_backend_pid()"))
    for _ in range(3):
        ends_within(0.1, lambda: sleep(engine, seconds=0.1), OperationalError)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) == before
        assert connection.scalar(text("SELECT now() > clock_timestamp() - interval '1 s'")), "no old transaction"


def test_without_a_deadline_nothing_is_cancelled(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_sleep(0.6)"))


def test_waiting_for_a_lock_ends(servers: Addresses, engine: Engine) -> None:
    with engine.begin() as holding:
        holding.execute(text("SELECT pg_advisory_xact_lock(77)"))
        ends_within(0.2, lambda: sleep(engine, "SELECT pg_advisory_xact_lock(77)"), OperationalError)
        assert running(servers, "advisory") == 0


def test_the_queue_for_a_connection_ends(servers: Addresses) -> None:
    narrow = engine_of(servers.database_url, pool=1)
    with narrow.connect():
        ends_within(0.2, lambda: sleep(narrow), NoneFree)
    with narrow.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    narrow.dispose()


def test_a_cancel_never_hits_whoever_uses_the_connection_next(engine: Engine) -> None:
    """Deadlines that fall just when the statement ends, while others without a deadline share the pool."""

    def hurried(number: int) -> bool:
        try:
            sleep(engine, "SELECT pg_sleep(0.02)", random.Random(number).uniform(0.015, 0.3))
        except (DBAPIError, NoneFree):
            return False
        return True

    def unhurried(_: int) -> bool:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_sleep(0.01)"))
            return bool(connection.scalar(text("SELECT true")))

    with ThreadPoolExecutor(8) as threads:
        made = [threads.submit(work, number) for number in range(150) for work in (hurried, unhurried)]
        outcomes = [future.result() for future in made]
    assert all(outcomes[1::2])
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@dataclass
class Line:
    """A TCP line to PostgreSQL's socket, which can be cut in silence: everything is taken, nothing arrives."""

    path: str
    dead: threading.Event = field(default_factory=threading.Event)
    sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self._spawn(self._accept)

    def _spawn(self, work: Callable[..., None], *args: object) -> None:
        threading.Thread(target=work, args=args, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.path)
            self.sockets += [near, far]
            self._spawn(self._carry, near, far)
            self._spawn(self._carry, far, near)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if not self.dead.is_set():
                    target.sendall(data)

    def close(self) -> None:
        for each in (self.listening, *self.sockets):
            each.close()


@pytest.fixture
def line(servers: Addresses) -> Iterator[Line]:
    """A line to this process's PostgreSQL."""
    url = make_url(servers.database_url)
    made = Line(f"{url.query['host']}/.s.PGSQL.{url.query.get('port') or url.port or 5432}")
    yield made
    made.close()


def test_a_server_that_has_fallen_silent_is_given_up(servers: Addresses, line: Line) -> None:
    url = make_url(servers.database_url).set(host="127.0.0.1", port=line.port, query={})
    far = engine_of(url.render_as_string(hide_password=False), pool=2)
    with far.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    line.dead.set()
    ends_within(0.2 + 2 * bounded.GRACE_S, lambda: sleep(far, "SELECT 1"), OperationalError)
    assert far.pool.checkedout() == 0  # type: ignore[attr-defined]
    line.dead.clear()
    with far.connect() as connection:
        assert connection.scalar(text("SELECT 2")) == 2
    far.dispose()


# ---- HTTP ----


class Talker:
    """A TCP server of one connection after the other, each of which `talk` holds in its own thread."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}/"
        self.ended = threading.Event()  # the client has gone
        self._talk = talk
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            with line:
                try:
                    self._talk(line)
                except OSError:
                    self.ended.set()


def drip(line: socket.socket, head: bytes = b"", piece: bytes = b"x") -> None:
    """One piece each 50 ms, for ever."""
    line.sendall(head)
    while True:
        line.sendall(piece)
        time.sleep(0.05)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
FAULTS: dict[str, Callable[[socket.socket], None]] = {
    "says nothing": lambda _: time.sleep(20),
    "drips its status line": drip,
    "drips its headers": lambda line: drip(line, b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
    "drips its body": lambda line: drip(line, HEAD),
}


def get(url: str, seconds: float) -> httpx2.Response:
    with httpx2.Client(transport=bounded.Transport(verify=False), timeout=5.0) as client, Deadline(seconds).in_force():
        return client.get(url)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_is_slow_in_any_part_is_cut_off(fault: str) -> None:
    talker = Talker(FAULTS[fault])
    before = threading.active_count()
    ends_within(0.4, lambda: get(talker.url, 0.4), httpx2.TimeoutException)
    assert threading.active_count() <= before, "the caller's own thread waited, no other"
    if "drips" in fault:
        assert talker.ended.wait(3), "the socket is closed, so the server hears of it"
    talker.listening.close()


def test_a_slow_handshake_is_cut_off() -> None:
    talker = Talker(lambda line: drip(line, b"\x16\x03\x03\x40\x00", b"\x00"))  # the head of a long TLS record
    ends_within(0.4, lambda: get(talker.url.replace("http:", "https:"), 0.4), httpx2.TimeoutException)
    talker.listening.close()


def test_all_addresses_of_a_host_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    fillers = [socket.socket() for _ in range(8)]
    for filler in fillers:  # its backlog is full: whoever else connects waits
        filler.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            filler.connect(("127.0.0.1", port))
    entry, known = (2, 1, 6, "", ("127.0.0.1", port)), {"many.example": 10}
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: [entry] * known.get(host, 1))
    ends_within(0.4, lambda: get(f"http://many.example:{port}/", 0.4), httpx2.TransportError)
    for each in (*fillers, full):
        each.close()


def test_nothing_listens_is_said_at_once() -> None:
    with pytest.raises(httpx2.ConnectError):
        get("http://127.0.0.1:1/", 2.0)


def test_an_answer_in_time_is_an_answer() -> None:
    def talk(line: socket.socket) -> None:
        line.recv(65_536)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    talker = Talker(talk)
    assert get(talker.url, 3.0).text == "ok"
    talker.listening.close()
