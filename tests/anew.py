"""What a process remembers from one test to the next, and how each test finds it: as a process finds it that has begun.

Looked up among the modules that are loaded: a test of one floor must not pass because this file has loaded another.
"""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter

from core import crashes, failpoints, log, tracing

# To add one: functions that keep what they made of settings, and objects that are one to a process and can be made anew
# without arguments. Circuits go back by themselves, with Redis; parsers that wait for work stay, because each takes a
# moment to start: whoever looks at them closes them first.
KEPT = (
    ("core.settings", "get_settings"),
    ("orchestrator.turn", "the_world"),
    ("orchestrator.turn", "keeper"),
    ("web.outgoing.tasks", "_slots"),
    ("web.mail.smtp", "trusted"),
    ("kb.search.reranker", "_reranker"),
)
ONES = (
    ("kb.index.shelf", "SHELF"),
    ("kb.index.vocabulary", "_shared"),
    ("kb.sources.pace", "PACE"),
    ("orchestrator.resolution", "lately"),
    ("web.desk.tries", "HERE"),
    ("web.gauges", "OPENINGS"),
    ("web.limits", "HERE"),
)
ADDRESSES = ("DATABASE_URL", "REDIS_URL")
OURS = ("core.", "kb.", "tools.", "brain.", "orchestrator.", "web.", "ops.")


@contextmanager
def begun_anew(*, served: bool) -> Iterator[None]:
    """Everything as it is when a process begins; afterwards the environment and the folder are as they were.

    Where the test has asked for servers (`served`), the environment says where they are; else it does not, whichever
    test has started them before.
    """
    variables, folder = dict(os.environ), Path.cwd()
    if not served:
        for name in ADDRESSES:
            os.environ.pop(name, None)
    _forget()
    try:
        yield
    finally:
        if os.environ != variables:
            os.environ.clear()
            os.environ.update(variables)
        os.chdir(folder)
        _forget()


def _forget() -> None:
    for thread in threading.enumerate():
        renewing = getattr(thread, "_target", None) if thread.name == "lease-keeper" else None
        if renewing is not None:  # when it renews next must not hang on when an earlier test began
            renewing.__self__._wake.set()
    for module, name in KEPT:
        if module in sys.modules:
            getattr(sys.modules[module], name).cache_clear()
    for module, name in ONES:
        if module in sys.modules:
            one = getattr(sys.modules[module], name)
            vars(one).update(vars(type(one)()))
    _count_nothing()
    _listen_to_nobody()


def _count_nothing() -> None:
    counting: Any = sys.modules.get("core.counting")
    if counting is not None:
        counting.TALLY.on = True
        with counting.TALLY._lock:
            counting.TALLY._counts.clear()


def _listen_to_nobody() -> None:
    tracing.use(None)
    crashes.use(None)
    log._listeners.clear()
    failpoints._on_reached = None
    structlog.contextvars.clear_contextvars()
    if structlog.is_configured():
        _unconfigure()


def _unconfigure() -> None:
    """A log that was set up writes to a stream of that test, and loggers that were used keep to it."""
    structlog.reset_defaults()
    for name in [name for name in sys.modules if name.startswith(OURS)]:
        logger = getattr(sys.modules[name], "log", None)
        if isinstance(logger, structlog._config.BoundLoggerLazyProxy):
            vars(logger).pop("bind", None)
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each.formatter, ProcessorFormatter)]
    root.setLevel(logging.WARNING)
    for name in log.CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET)
