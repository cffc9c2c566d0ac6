"""structlog as JSON lines on standard error; ids are bound, personal data is masked."""

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# A line or two for every request and every job: together they cost a turn more than its way through the queue.
CHATTY = ("uvicorn.access", "httpx2", "celery.app.trace", "celery.worker.strategy")
OUR_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z][a-z_.]*")
LONG_NUMBER = re.compile(r"(?<![\w-])\+?\d(?:[ -]?\d){8,18}(?![\w-])")


def mask(text: str) -> str:
    """`text` without cards, bank accounts, identity numbers and secrets; addresses and long numbers blotted out."""
    from core.privacy.cleaning import clean  # its tables take a moment to load: commands that log nothing start at once

    return LONG_NUMBER.sub("[number]", EMAIL.sub("[email]", clean(text).text))


def _mask_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key != "timestamp":
            event[key] = _masked(value)
    return event


def _masked(value: Any) -> Any:
    """`value` with every text in it masked, but for ids of ours, which nearly every line has."""
    match value:
        case str():
            return value if OUR_ID.fullmatch(value) else mask(value)
        case dict():
            return {_masked(key): _masked(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(each) for each in value]
    return value


Listener = Callable[[BaseException, str], None]
"""Hears of each error that is logged with its traceback, and under which name."""

_listeners: list[Listener] = []


def hear(listener: Listener) -> None:
    """Have `listener` hear of errors from now on; twice is once."""
    if listener not in _listeners:
        _listeners.append(listener)


def _tell(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if _listeners and (error := _error(event.get("exc_info"))) is not None:
        name = str(event.get("event", ""))
        for listener in _listeners:
            listener(error, name if OUR_ID.fullmatch(name) else "log")
    return event


def _error(caught: Any) -> BaseException | None:
    """The error of a line's `exc_info`, in whichever of its forms."""
    if not caught or isinstance(caught, BaseException):
        return caught or None
    found: BaseException | None = (caught if isinstance(caught, tuple) else sys.exc_info())[1]
    return found


def configure(level: str = "INFO") -> None:
    """Make structlog and the standard logging write the same JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tell,
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [lines]
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that adds what is bound in this context."""
    return structlog.stdlib.get_logger(name)


bind = structlog.contextvars.bind_contextvars
bound = structlog.contextvars.bound_contextvars
