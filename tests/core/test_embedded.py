"""The embedded servers: one owner, a second starter that joins, data that stays, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from core import embedded

OWNER = """
import sys, time
from pathlib import Path
from core.embedded import servers
with servers(Path(sys.argv[1])) as addresses:
    print(addresses.redis_url, flush=True)
    time.sleep(60)
"""


def connect(addresses: embedded.Addresses) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(addresses.database_url.replace("postgresql+psycopg", "postgresql"), autocommit=True)


def test_data_stays_and_a_second_starter_joins(tmp_path: Path) -> None:
    with embedded.servers(tmp_path) as addresses:
        assert embedded.running(tmp_path) == addresses
        with connect(addresses) as connection:
            connection.execute("CREATE EXTENSION vector")
            connection.execute("CREATE TABLE kept AS SELECT '[1,2]'::vector AS v")
        with redis.Redis.from_url(addresses.redis_url) as client:
            client.set("kept", "yes")
    assert embedded.running(tmp_path) is None
    with embedded.servers(tmp_path) as addresses:
        with connect(addresses) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
        with redis.Redis.from_url(addresses.redis_url) as client:
            assert client.get("kept") == b"yes"


def test_a_second_owner_is_refused(tmp_path: Path) -> None:
    owner = start_owner(tmp_path)
    with pytest.raises(embedded.ServersTaken), embedded.servers(tmp_path):
        pass
    owner.terminate()
    owner.communicate(timeout=15)


def test_a_killed_owner_leaves_no_server_and_its_data_can_be_used_again(tmp_path: Path) -> None:
    owner = start_owner(tmp_path)
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    with embedded.servers(tmp_path) as addresses, connect(addresses) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    until = time.monotonic() + 10
    while servers_of(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    assert servers_of(tmp_path) == []


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("a-folder-with-a-long-name-" * 3) / "home"
    with embedded.servers(deep) as addresses, redis.Redis.from_url(addresses.redis_url) as client:
        assert client.ping()


def test_a_home_that_is_made_anew_finds_no_old_data(tmp_path: Path) -> None:
    first, second = tmp_path / "one" / "home", tmp_path / "two" / "home"
    for home in (first, second):
        home.mkdir(parents=True)
        home.parent.chmod(0o700)  # root's servers can't live in there
    rooms = [embedded._own_directory(tmp_path, home) for home in (first, second, first)]
    assert rooms[0] == rooms[2] != rooms[1]
    (first / "servers.id").unlink()
    assert embedded._own_directory(tmp_path, first) != rooms[0]


def start_owner(home: Path) -> "subprocess.Popen[str]":
    """A process that owns the servers; returns once they run."""
    owner = subprocess.Popen(  # noqa: S603 - our own Python
        [sys.executable, "-c", OWNER, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline().startswith("unix://")
    return owner


def servers_of(home: Path) -> list[str]:
    """Command lines of servers that run for `home`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(home) in line and ("postgres" in line or "valkey" in line) and "pytest" not in line:
            found.append(line)
    return found
