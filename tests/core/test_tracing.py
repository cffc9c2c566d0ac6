"""One id and one trace from the request to the last call, and no visitor's word in any of it."""

import json
import sys
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from core import bus, queue, spans_out, tracing
from core.embedded import Addresses
from core.errors import SettingsRefused
from core.log import bound
from core.queue import Job, celery_app
from core.settings import Settings
from tests.spans import spans  # noqa: F401 - a fixture

REQUEST = "0af7651916cd43dd8448eb211c80319c"


def bell() -> dict[str, Any]:
    stored: Any = bus.client().lindex("chat", 0)
    headers: dict[str, Any] = json.loads(stored)["headers"]
    return headers


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-12345", True),
        ("0b9f7f2e-7d1c-4f43-9a53-9d0b6c1c2d3e", True),
        (REQUEST, True),
        ("short", False),
        ("4111111111111111", False),
        ("x" * 65, False),
        ("a b c d e f g", False),
        ("<script>alert(1)</script>", False),
        ("", False),
    ],
)
def test_an_id_is_kept_where_it_can_be_one(given: str, kept: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (tracing.sane(given) == given) is kept
    assert tracing.SANE.fullmatch(tracing.sane(given))


def test_a_trace_has_the_id_of_its_request(spans: InMemorySpanExporter) -> None:
    for request in (REQUEST, "0b9f7f2e-7d1c-4f43-9a53-9d0b6c1c2d3e", "anything-else"):
        with bound(request_id=request), tracing.span("work"):
            pass
    traces = [f"{span.context.trace_id:032x}" for span in spans.get_finished_spans() if span.context]
    assert traces == [REQUEST, "0b9f7f2e7d1c4f439a539d0b6c1c2d3e", f"{tracing.trace_id('anything-else'):032x}"]


def test_off_is_one_object_that_does_nothing() -> None:
    assert not tracing.on()
    assert tracing.span("a") is tracing.client_span("b") is tracing.statement_span("SELECT 1")
    with tracing.span("a") as opened:
        opened.note(size=1)
    with bound(request_id="request-1"):
        assert tracing.carried() == {"request_id": "request-1"}


def test_only_names_of_ours_and_numbers_are_said(spans: InMemorySpanExporter) -> None:
    with suppress(ValueError), tracing.span("tool", tool="get_order", said="Where is my order?") as one:
        one.note(size=3, ok=True, route="/api/agent/thread/{thread_id}", mail="ada@shop.example and more")
        raise ValueError("my card is 4111 1111 1111 1111")
    span = spans.get_finished_spans()[0]
    assert dict(span.attributes or {}) == {
        "handrail.tool": "get_order",
        "handrail.said": "withheld",
        "handrail.size": 3,
        "handrail.ok": True,
        "handrail.route": "/api/agent/thread/{thread_id}",
        "handrail.mail": "withheld",
    }
    assert span.events == ()
    assert span.status.description == "ValueError"


@pytest.mark.parametrize(
    ("statement", "summary"),
    [
        ("SELECT * FROM messages WHERE content = 'where is my order'", "SELECT:messages"),
        ("\n    UPDATE turns SET fence = fence + 1", "UPDATE:turns"),
        ("INSERT INTO turn_events (turn_id) VALUES (%s)", "INSERT:turn_events"),
        ("WITH x AS (SELECT 1 FROM a) DELETE FROM b", "DELETE:a"),
        ("COPY postings FROM STDIN", "COPY:postings"),
        ("BEGIN", "OTHER:"),
    ],
)
def test_a_statement_is_named_by_what_it_does(statement: str, summary: str) -> None:
    assert tracing.summary(statement) == summary


def test_a_bell_carries_the_request_and_its_place_in_the_trace(servers: Addresses, spans: InMemorySpanExporter) -> None:
    with bound(request_id=REQUEST), tracing.span("door"):
        queue.ring_all([(Job.TAKE_TURN, {"thread_id": "a"})])
    ours = bell()
    bus.client().flushdb()
    assert ours["request_id"] == REQUEST
    assert ours["traceparent"].split("-")[1] == REQUEST
    assert ours["rung_at"] > 0


def test_what_the_scheduler_sends_says_when_it_was_put_there(servers: Addresses) -> None:
    celery_app.send_task(str(Job.TAKE_TURN), kwargs={"thread_id": "a"}, queue="chat")
    theirs = bell()
    bus.client().flushdb()
    assert theirs["rung_at"] > 0
    assert "request_id" not in theirs


def test_a_job_works_under_the_request_that_rang_for_it(spans: InMemorySpanExporter) -> None:
    heard: list[str] = []

    @celery_app.task(name="probe", shared=False)
    def probe() -> None:
        heard.append(tracing.request_id())

    parent = f"00-{REQUEST}-b7ad6b7169203331-01"
    for headers in ({"request_id": REQUEST, "traceparent": parent}, {}):
        probe.push_request(**headers)
        try:
            probe()
        finally:
            probe.pop_request()
    celery_app.tasks.pop("probe")
    assert heard == [REQUEST, ""]
    job, alone = {span.context.span_id: span for span in spans.get_finished_spans() if span.context}.values()
    assert job.parent is not None
    assert f"{job.parent.span_id:016x}" == "b7ad6b7169203331"
    assert alone.parent is None


def test_our_own_services_hear_the_id(spans: InMemorySpanExporter) -> None:
    heard: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        heard.append(request)
        return httpx2.Response(200)

    with httpx2.Client(transport=httpx2.MockTransport(answer), event_hooks=tracing.HOOKS) as client:
        with bound(request_id=REQUEST), tracing.span("model"):
            client.get("http://model.example/")
        client.get("http://model.example/")
    first, second = heard
    assert first.headers["X-Request-ID"] == REQUEST
    assert first.headers["traceparent"].split("-")[1] == REQUEST
    assert "X-Request-ID" not in second.headers


def test_a_missing_exporter_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsRefused, match=r"handrail\[traces\]"):
        spans_out.start(Settings(traces="otlp"), "api")
    assert not tracing.on()
