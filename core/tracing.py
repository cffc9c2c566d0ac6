"""One id from the browser to the last call, and spans of what happens under it: off by default, and then free.

A trace has the id of its request: who has the one finds the other. What a span may say is a number, a flag or a short
name of ours; every other text is withheld, so that no visitor's words get into a trace, whoever forgets that.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, Self

import httpx2
import structlog
from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import Engine, event

from core.log import bound

Value = str | int | float | bool
Attributes = Mapping[str, Value]

HEADER: Final = "X-Request-ID"
SANE = re.compile(r"(?=.*[A-Za-z])[\w.:-]{8,64}", re.ASCII)  # a letter: a bare number may be somebody's
HEX = re.compile(r"(?!0{32})[0-9a-f]{32}")
NAME = re.compile(r"[\w.:/{}@*-]{0,120}", re.ASCII)
WITHHELD = "withheld"
STATEMENT = re.compile(
    r"\s*(?:WITH\b.*?\)\s*)?(SELECT|INSERT|UPDATE|DELETE|COPY|SET|LOCK)\b", re.IGNORECASE | re.DOTALL
)
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|COPY)\s+(?:ONLY\s+)?\"?([a-z_]+)", re.IGNORECASE)

_tracer: trace.Tracer | None = None
_form = TraceContextTextMapPropagator()


def new_id() -> str:
    """An id for a request that came without one: also a trace id by its form."""
    return os.urandom(16).hex()


def sane(given: str) -> str:
    """`given` where it can be a request's id, else a new one."""
    return given if SANE.fullmatch(given) else new_id()


def request_id() -> str:
    """The id of the request that this is done for; "" where nobody asked for it."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


@lru_cache(maxsize=1024)
def trace_id(request: str) -> int:
    """The trace of a request: its id itself where that has the form of one, else made from it."""
    plain = request.replace("-", "").lower()
    return int(plain if HEX.fullmatch(plain) else hashlib.sha256(request.encode()).hexdigest()[:32], 16)


def use(provider: trace.TracerProvider | None) -> None:
    """Trace into `provider` from now on; None: not at all. Engines that are made afterwards are watched."""
    global _tracer  # noqa: PLW0603 - one for the process
    _tracer = provider.get_tracer("handrail") if provider else None


def on() -> bool:
    """Whether anybody wants spans."""
    return _tracer is not None


class Nothing:
    """The span that is opened while nobody wants any."""

    def __enter__(self) -> Self:
        """Open nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def note(self, **attributes: Value) -> None:
        """Say nothing."""


NOTHING = Nothing()


class Opened(Nothing):
    """A span from its `with` to the end of it. What was raised is noted by its class alone: a message may quote."""

    def __init__(self, tracer: trace.Tracer, name: str, kind: SpanKind, attributes: Attributes) -> None:
        self._made = (tracer, name, kind, attributes)

    def __enter__(self) -> Self:
        """Open it below the one that is open here."""
        tracer, name, kind, attributes = self._made
        self._span = tracer.start_span(name, kind=kind, attributes=_plain(attributes))
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, *caught: object) -> None:
        """Close it."""
        kind = caught[0] if caught else None
        if isinstance(kind, type):
            self._span.set_status(Status(StatusCode.ERROR, kind.__name__))
        context.detach(self._token)
        self._span.end()

    def note(self, **attributes: Value) -> None:
        """Add what is known by now. A single `_` in a name stands for the full stop of OpenTelemetry's own names."""
        self._span.set_attributes(_plain(attributes))


def span(name: str, /, **attributes: Value) -> Nothing:
    """Open a span around a block; `note` of what it gives adds what is known later."""
    return NOTHING if _tracer is None else Opened(_tracer, name, SpanKind.INTERNAL, attributes)


def client_span(name: str, /, **attributes: Value) -> Nothing:
    """As `span`, around a question to another service."""
    return NOTHING if _tracer is None else Opened(_tracer, name, SpanKind.CLIENT, attributes)


def consumer_span(name: str, /, **attributes: Value) -> Nothing:
    """As `span`, around what a message asked for."""
    return NOTHING if _tracer is None else Opened(_tracer, name, SpanKind.CONSUMER, attributes)


def server_span(name: str, /, **attributes: Value) -> Nothing:
    """As `span`, around the answer to a request."""
    return NOTHING if _tracer is None else Opened(_tracer, name, SpanKind.SERVER, attributes)


def _plain(attributes: Attributes) -> dict[str, Value]:
    """`attributes` under our names, with nothing in them that somebody could have written."""
    return {f"handrail.{name}": _said(value) for name, value in attributes.items()}


def _said(value: Value) -> Value:
    return value if not isinstance(value, str) or NAME.fullmatch(value) else WITHHELD


def carried() -> dict[str, str]:
    """What goes along with a message, so that whoever takes it knows whose request it is for."""
    headers = {"request_id": known} if (known := request_id()) else {}
    if _tracer is not None:
        _form.inject(headers)
    return headers


@contextmanager
def under(request: str, headers: Mapping[str, str] | None = None) -> Iterator[None]:
    """Work under `request`, as a part of the trace in `headers` (as `carried` gave it) where there is one."""
    bind = bound(request_id=request) if request else bound()
    if _tracer is None:
        with bind:
            yield
        return
    token = context.attach(_form.extract(headers or {}, context=context.get_current() if headers is None else None))
    try:
        with bind:
            yield
    finally:
        context.detach(token)


def mark(request: httpx2.Request) -> None:
    """Give a request to a service of the operator's our id. An event hook of httpx2's clients."""
    if known := request_id():
        request.headers[HEADER] = known
    if _tracer is not None:
        _form.inject(request.headers)


HOOKS: Final[dict[str, list[Any]]] = {"request": [mark]}


def watch(engine: Engine) -> None:
    """Open a span around each of the engine's statements, while anybody wants them."""
    if _tracer is None:
        return
    event.listen(engine, "before_cursor_execute", _before)
    event.listen(engine, "after_cursor_execute", _after)
    event.listen(engine, "handle_error", lambda caught: _end(caught.execution_context, caught.original_exception))


def statement_span(statement: str) -> Nothing:
    """A span around one SQL statement. It names what is done to which table; values are never in it."""
    return client_span("sql", statement=summary(statement)) if _tracer is not None else NOTHING


@lru_cache(maxsize=512)
def summary(statement: str) -> str:
    """What a statement does to which table: "UPDATE:turns"."""
    verb, table = STATEMENT.match(statement), TABLE.search(statement)
    return f"{verb.group(1).upper() if verb else 'OTHER'}:{table.group(1).lower() if table else ''}"


def _before(*told: Any) -> None:
    _, _, statement, _, execution, _ = told
    if execution is not None:
        execution.handrail_span = statement_span(statement).__enter__()


def _after(*told: Any) -> None:
    _end(told[4], None)


def _end(execution: Any, error: BaseException | None) -> None:
    if execution is not None and (opened := execution.__dict__.pop("handrail_span", None)) is not None:
        opened.__exit__(type(error) if error else None, error, None)
