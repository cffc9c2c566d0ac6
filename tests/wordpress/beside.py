"""The whole of `handrail demo-wordpress`, as its tests see it: a site, a backend, visitors who ask."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2

from ops.bench.processes import free_port
from ops.wordpress.demo import SITE
from ops.wordpress.site import Site

OURS = ("HANDRAIL_", "DATABASE_URL", "REDIS_URL")
ASK_SECONDS = 15
STEP_SECONDS = 0.05


@dataclass(frozen=True)
class House:
    """A running demo behind WordPress."""

    process: "subprocess.Popen[str]"
    home: Path
    site: Site
    backend: str
    said: str  # what it printed when it was ready

    def ask(self, words: str) -> str:
        """What a new visitor is answered."""
        with httpx2.Client(base_url=f"{self.backend}/api/agent", timeout=20) as client:
            made = client.post("/session", json={"site_id": SITE}).json()
            headers = {"Authorization": f"Bearer {made['visitor_token']}"}
            thread = made["thread_id"]
            message = {"thread_id": thread, "user_msg": words, "client_msg_id": str(uuid4())}
            client.post("/messages", json=message, headers=headers).raise_for_status()
            until = time.monotonic() + ASK_SECONDS
            while time.monotonic() < until:
                messages = client.get(f"/thread/{thread}", headers=headers).json()["messages"]
                if answer := next((each["content"] for each in messages if each["role"] == "agent"), ""):
                    return str(answer)
                time.sleep(STEP_SECONDS)
        raise AssertionError(f"nothing was answered to {words!r}")

    def seconds_until(self, words: str, fact: str, *, stands: bool = True, within: float) -> float:
        """How long it took until the answer to `words` had `fact` in it, or had it no more; fails after `within`."""
        began = time.monotonic()
        while True:
            answer = self.ask(words)
            passed = time.monotonic() - began
            if (fact in answer) == stands:
                return passed
            assert passed < within, answer

    @contextmanager
    def backend_hangs(self) -> Iterator[None]:
        """Meanwhile the API takes connections and says nothing: the worst way of being away."""
        [api] = [pid for pid in family(self.home) if b"\0serve\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(api, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(api, signal.SIGCONT)


@contextmanager
def house(home: Path) -> Iterator[House]:
    """Start it in `home`; at the end a SIGTERM must leave nothing."""
    port, backend = free_port(), free_port()
    given = {"HANDRAIL_HOME": str(home), "HANDRAIL_PORT": str(backend)}
    given |= {"HANDRAIL_TURN_SECONDS": "30"}  # a busy machine answers late, and must not give up
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "ops.cli", "demo-wordpress", "--port", str(port)],
        env={name: value for name, value in os.environ.items() if not name.startswith(OURS)} | given,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Stop: Ctrl-C" in line:
            break
    assert process.poll() is None, "".join(said)
    yield House(process, home, Site(home / "wordpress", port), f"http://127.0.0.1:{backend}", "".join(said))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
    until = time.monotonic() + 10
    while family(home) and time.monotonic() < until:
        time.sleep(STEP_SECONDS)
    assert family(home) == []


def family(home: Path) -> list[int]:
    """The living processes that know this home, by their environment or their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(home).encode() in text and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found
