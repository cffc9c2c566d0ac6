"""Named places at which a process can be made to die. They are found while it runs, so a new write has one at once.

`HANDRAIL_FAILPOINT` is `NAME`, `NAME#K` (the K-th time in this thread, counted anew with each job), or `TRACE:FILE`,
which appends each name that is reached to a file. A name is a moment and what happens there: "before INSERT turns",
"after COMMIT", "before TELL", "after RING take_turn"; inside a job it may be told from others by the job's own name:
"take_turn/before COMMIT#3". Where the setting is empty nothing is installed.
"""

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from core.errors import SettingsRefused
from core.settings import Settings

WRITES = re.compile(
    r"\b(?:(INSERT) INTO|(UPDATE)(?=\s+\S+(?:\s+AS\s+\S+)?\s+SET\b)|(DELETE) FROM)\s+\"?(\w+)", re.IGNORECASE
)
TRACE = "TRACE:"

_on_reached: Callable[[str], None] | None = None


def reached(name: str) -> None:
    """Say that this process is at the place `name`; it may not return."""
    if _on_reached is not None:
        _on_reached(name)


def arm(settings: Settings) -> None:
    """Install what `settings.failpoint` asks for; call it once, where a process begins. Raises SettingsRefused."""
    global _on_reached  # noqa: PLW0603 - one per process is the point
    if not settings.failpoint:
        return
    if settings.profile == "production":
        raise SettingsRefused("HANDRAIL_FAILPOINT kills this process on purpose: it can't be set in production.")
    place = _Place()
    _on_reached = place.tracing if settings.failpoint.startswith(TRACE) else place.dying
    place.aim(settings.failpoint)
    _listen_to_database()
    _listen_to_queue(place)


def writes(statement: str) -> str:
    """What an SQL statement writes, with what a CTE in it writes: "INSERT turns", or "" where it only reads."""
    found = (" ".join(filter(None, match.groups())) for match in WRITES.finditer(statement))
    return " + ".join(dict.fromkeys(name.replace(name.split()[0], name.split()[0].upper(), 1) for name in found))


class _Place:
    """Where each thread is, and what is to happen where."""

    def __init__(self) -> None:
        self._here = threading.local()
        self._spec = ""

    def aim(self, spec: str) -> None:
        self._spec = spec if "#" in spec or spec.startswith(TRACE) else f"{spec}#1"

    def enter(self, job: str) -> None:
        """This thread begins a job: it counts anew."""
        self._here.job, self._here.counts = job, Counter()

    def leave(self) -> None:
        """This thread's job is over."""
        reached(f"after JOB {self._here.job}")
        self._here.job, self._here.counts = "", Counter()

    def dying(self, name: str) -> None:
        if self._spec in self._names(name):
            os.kill(os.getpid(), signal.SIGKILL)

    def tracing(self, name: str) -> None:
        with open(self._spec.removeprefix(TRACE), "a") as file:  # noqa: PTH123 - one atomic append
            file.write(f"{self._names(name)[-1]}\n")

    def _names(self, name: str) -> tuple[str, ...]:
        """`name` numbered, and with this thread's job before it."""
        counts: Counter[str] = self._here.__dict__.setdefault("counts", Counter())
        counts[name] += 1
        numbered = f"{name}#{counts[name]}"
        job = getattr(self._here, "job", "")
        return (numbered, f"{job}/{numbered}") if job else (numbered,)


def _listen_to_database() -> None:
    from sqlalchemy import Engine, event

    def before(_: Any, __: Any, statement: str, *___: Any) -> None:
        if what := writes(statement):
            reached(f"before {what}")

    def after(_: Any, __: Any, statement: str, *___: Any) -> None:
        if what := writes(statement):
            reached(f"after {what}")

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    event.listen(Engine, "commit", lambda _: reached("before COMMIT"))  # "after" is said by `transaction()`


def _listen_to_queue(place: _Place) -> None:
    """Celery's signals know every bell, also the scheduler's own."""
    from celery import signals

    def ringing(sender: str = "", **_: Any) -> None:
        reached(f"before RING {sender}")

    def rung(sender: str = "", **_: Any) -> None:
        reached(f"after RING {sender}")

    def begun(task: Any = None, **_: Any) -> None:
        place.enter(task.name)
        reached(f"before JOB {task.name}")

    def done(**_: Any) -> None:
        place.leave()

    signals.before_task_publish.connect(ringing, weak=False)
    signals.after_task_publish.connect(rung, weak=False)
    signals.task_prerun.connect(begun, weak=False)
    signals.task_postrun.connect(done, weak=False)
