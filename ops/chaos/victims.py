"""Processes that are there to be killed: the product's own workers, API and scheduler, forked from one warm parent.

Starting Python and importing everything costs two seconds of processor time; a fork costs a hundredth of it. What runs
in the fork is what `handrail worker chat`, `serve` and `scheduler` run, in a process and a session of its own.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Literal

from core.embedded import PR_SET_PDEATHSIG

Kind = Literal["worker", "api", "scheduler"]
KILLED = -signal.SIGKILL
OURS = ("HANDRAIL_", "OPENAI_", "DATABASE_URL", "REDIS_URL")


@dataclass
class Victim:
    """One process; `spec` is its fail-point, or ""."""

    kind: Kind
    spec: str
    environment: dict[str, str]
    log: Path
    process: ForkServerProcess = field(init=False)
    started: float = 0.0

    def start(self) -> "Victim":
        """Fork it."""
        # The parent of all forks keeps the environment of its own start: what has changed since is handed over.
        ours = {name: value for name, value in os.environ.items() if name.startswith(OURS)}
        given = ours | self.environment | ({"HANDRAIL_FAILPOINT": self.spec} if self.spec else {})
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["__main__", "ops.chaos.victims", "ops.chaos.rehearsal"])
        self.process = context.Process(target=_live, args=(self.kind, given, str(self.log)))
        self.process.start()
        self.started = time.time()
        return self

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process.pid is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        """True until it has ended, however."""
        return self.process.exitcode is None

    @property
    def was_killed(self) -> bool:
        """True where SIGKILL ended it."""
        return self.process.exitcode == KILLED

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Kill it, or ask it to end."""
        if self.alive:
            os.kill(self.pid, number)


def _live(kind: Kind, environment: dict[str, str], log: str) -> None:
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    lines = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(lines, stream.fileno())
    os.environ.update(environment)
    sys.exit(_run(kind))


def _run(kind: Kind) -> int:
    from core.settings import get_settings

    get_settings.cache_clear()
    if kind == "worker":
        return int(import_module("web.worker").run("chat"))
    if kind == "scheduler":
        import_module("web.scheduler").run()
        return 0
    settings = get_settings()
    import_module("web.server").serve(import_module("web.app").make_app(settings), settings)
    return 0
