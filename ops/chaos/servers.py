"""The embedded servers, and how they die: found by their own word, killed, and started again by their command line."""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from core.embedded import Addresses, ServerDidNotStart, die_with_parent

START_SECONDS = 30.0
VALKEY = ("port", "unixsocket", "unixsocketperm", "dir", "appendonly", "maxmemory-policy")


@dataclass
class Server:
    """One running server process. Use it from the main thread: the kernel ties a child to that."""

    name: str
    pid: int
    command: tuple[str, ...]
    addresses: Addresses
    log: Path
    again: "subprocess.Popen[bytes] | None" = None

    def kill(self, number: signal.Signals) -> None:
        """End it, and wait until it has ended."""
        os.kill(self.pid, number)
        if self.again is not None:
            self.again.wait()
        else:
            os.waitpid(self.pid, 0)

    def start(self) -> None:
        """Start it again, and wait until it answers. Raises ServerDidNotStart."""
        user = _user(self)
        with self.log.open("ab") as lines:
            self.again = subprocess.Popen(  # noqa: S603 - the command that the product started
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - it runs before any thread of the child's
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        self.pid = self.again.pid
        until = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > until:
                raise ServerDidNotStart(f"{self.name} did not come back: see {self.log}.")
            time.sleep(0.02)

    def answers(self) -> bool:
        """True where it can be worked with."""
        try:
            if self.name == "PostgreSQL":
                psycopg.connect(_plain(self.addresses), connect_timeout=2).close()
            else:
                redis.Redis.from_url(self.addresses.redis_url, socket_timeout=2).ping()
        except (psycopg.OperationalError, redis.RedisError, OSError):
            return False
        return True

    def forget_data(self) -> None:
        """Valkey only, and only while it is down: it comes back empty."""
        data = Path(self.command[self.command.index("--dir") + 1])
        shutil.rmtree(data / "appendonlydir", ignore_errors=True)
        (data / "dump.rdb").unlink(missing_ok=True)

    def stop(self) -> None:
        """End the process that we have started; the first one belongs to the embedded servers' owner."""
        if self.again is not None and self.again.poll() is None:
            self.again.send_signal(signal.SIGINT if self.name == "PostgreSQL" else signal.SIGTERM)
            self.again.wait()


def find_servers(addresses: Addresses, log: Path) -> tuple[Server, Server]:
    """The running PostgreSQL and Valkey."""
    with psycopg.connect(_plain(addresses)) as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    assert row is not None
    postmaster = int(row[0].split()[0])
    command = Path(f"/proc/{postmaster}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
    pid, valkey = _valkey(addresses)
    return (
        Server("PostgreSQL", postmaster, tuple(command), addresses, log / "postgres.log"),
        Server("Valkey", pid, valkey, addresses, log / "valkey.log"),
    )


def _valkey(addresses: Addresses) -> tuple[int, tuple[str, ...]]:
    """Its process, and its command line as its settings tell it: it writes over the one that `ps` shows."""
    client: Any = redis.Redis.from_url(addresses.redis_url, decode_responses=True)
    pid, settings = int(client.info("server")["process_id"]), client.config_get(*VALKEY)
    options = [part for name in VALKEY for part in (f"--{name}", settings[name])]
    return pid, (str(Path(f"/proc/{pid}/exe").readlink()), *options)


def _plain(addresses: Addresses) -> str:
    return addresses.database_url.replace("postgresql+psycopg", "postgresql")


def _user(server: Server) -> int | None:
    """Whose the data is: PostgreSQL does not run as root."""
    if os.geteuid() != 0 or server.name != "PostgreSQL":
        return None
    return Path(server.command[server.command.index("-D") + 1]).stat().st_uid
