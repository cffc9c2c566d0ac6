"""Waits for the hour of the nightly run; of several that wait, one runs it, and a missed hour is made up for."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text

from core.db import transaction
from core.embedded import die_with_parent
from core.log import get_logger
from core.models import EvalRun

log = get_logger(__name__)

LOOK_SECONDS = 30.0
LATE = timedelta(hours=6)  # so long after its hour a missed run is still made up for
COMMAND = (sys.executable, "-m", "ops.cli", "nightly")
CLAIM = text("INSERT INTO ticks (job, scheduled_for) VALUES ('nightly', :at) ON CONFLICT DO NOTHING")
FORGET = text("DELETE FROM ticks WHERE job = 'nightly' AND scheduled_for < :at - interval '30 days'")


def watch(at: str, *, since: datetime | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
    """Run each night at `at` ("03:10", UTC), in a process of its own, until this one ends."""
    since = since or datetime.now(UTC)
    while at:
        due = last_due(at, datetime.now(UTC))
        if is_ours(due, since):
            log.info("night_begins", due=due.isoformat())
            run()
        sleep(LOOK_SECONDS)
    while True:  # never: but a supervisor would start again what ends
        sleep(LOOK_SECONDS)


def last_due(at: str, now: datetime) -> datetime:
    """The newest moment of that hour that is not after `now`."""
    hour, minute = map(int, at.split(":"))
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def is_ours(due: datetime, since: datetime) -> bool:
    """True once, for one of all who ask: when `due` has come while we waited, or was missed a short while ago."""
    now = datetime.now(UTC)
    if due < since and (now - due > LATE or not _ever_ran()):
        return False
    with transaction() as session:
        claimed = session.execute(CLAIM, {"at": due}).rowcount  # type: ignore[attr-defined]
        session.execute(FORGET, {"at": due})
    return bool(claimed)


def run() -> int:
    """The night itself: what it loads goes with it."""
    made = subprocess.Popen(COMMAND, preexec_fn=die_with_parent())  # noqa: S603, PLW1509 - our own Python; no threads
    return made.wait()


def _ever_ran() -> bool:
    """A fresh installation has nothing to make up for."""
    with transaction() as session:
        return bool(session.scalar(select(func.count()).where(EvalRun.verdict.is_not(None))))
