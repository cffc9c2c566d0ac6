"""Crash reports, where an operator wants them: what broke and where in our code, and nothing that anybody wrote.

An error's own message is left out, and so are local variables: both can quote a visitor. What is left, names of ours,
goes through the log's mask all the same.
"""

import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.metadata import version
from types import TracebackType
from typing import Any, cast

import structlog

from core.counting import Counter
from core.errors import SettingsRefused
from core.log import hear, mask
from core.settings import Settings

MISSING = "HANDRAIL_SENTRY_DSN is set, but its client is not installed: `pip install 'handrail[sentry]'`, or unset it."
BOUND = ("request_id", "job", "site", "site_id", "thread", "thread_id", "turn")  # ids of ours, and no visitor's
CRASHES = Counter("handrail_crashes", "Errors that Handrail did not expect, each with a traceback in the log")
CHAIN = 5  # causes of an error, at most

Send = Callable[[dict[str, Any]], object]
_send: Send | None = None


def use(send: Send | None) -> None:
    """Give reports to `send` from now on; None: to nobody."""
    global _send  # noqa: PLW0603 - one for the process
    _send = send


def start(settings: Settings, role: str, transport: Any = None) -> None:
    """Count what breaks in this process, and report it where the settings name a Sentry. Raises SettingsRefused.

    What is logged with its traceback is what broke. `transport` is for tests.
    """
    hear(report)
    if not (address := settings.sentry_dsn.get_secret_value()):
        return
    try:
        import sentry_sdk
    except ImportError as error:
        raise SettingsRefused(MISSING) from error
    try:
        # None of its integrations: they collect requests, statements and log lines with whatever is in them.
        client = sentry_sdk.Client(
            dsn=address,
            transport=transport,
            default_integrations=False,
            auto_enabling_integrations=False,
            max_breadcrumbs=0,
            server_name=role,
            release=version("handrail"),
            environment=settings.profile,
        )
    except sentry_sdk.utils.BadDsn as error:
        raise SettingsRefused("HANDRAIL_SENTRY_DSN is no address of a Sentry project: copy it from there.") from error
    use(lambda event: client.capture_event(cast("Any", event)))


def report(error: BaseException, where: str) -> None:
    """Count and report an error of ours. It never raises."""
    CRASHES.add()
    if _send is None:
        return
    try:
        _send(event_of(error, where))
    except Exception as fault:  # noqa: BLE001 - the report of a crash must not be the next one
        structlog.stdlib.get_logger(__name__).warning("crash_not_reported", cause=type(fault).__name__)


def event_of(error: BaseException, where: str) -> dict[str, Any]:
    """The report, in Sentry's form."""
    known = structlog.contextvars.get_contextvars()
    tags = {name: mask(str(known[name])) for name in BOUND if name in known}
    values = [_exception(one) for one in _causes(error)]
    return {"level": "error", "logger": where, "tags": tags, "exception": {"values": values}}


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what led to it, the first cause first."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and len(found) < CHAIN:
        found.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return found[::-1]


def _exception(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    frames = [_frame(frame.f_code.co_filename, frame.f_code.co_qualname, line) for frame, line in _walk(error)]
    return {"type": kind.__qualname__, "module": kind.__module__, "stacktrace": {"frames": frames}}


def _walk(error: BaseException) -> Any:
    at: TracebackType | None = error.__traceback__
    return traceback.walk_tb(at)


def _frame(path: str, function: str, line: int) -> Mapping[str, Any]:
    short = next((path.removeprefix(f"{root}/") for root in sys.path if root and path.startswith(f"{root}/")), path)
    return {"filename": mask(short), "function": function, "lineno": line}
