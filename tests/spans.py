"""Spans of a test, kept in memory as an operator's collector would get them."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from core import spans_out, tracing


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is traced in this test. Ask for it before what makes an engine."""
    kept = InMemorySpanExporter()
    provider = spans_out.provider(SimpleSpanProcessor(kept), "test")
    tracing.use(provider)
    yield kept
    tracing.use(None)
    provider.shutdown()


def path(span: ReadableSpan, among: tuple[ReadableSpan, ...]) -> str:
    """The names from the outermost span to this one: "request/sql"."""
    by_id = {each.context.span_id: each for each in among if each.context}
    above = by_id.get(span.parent.span_id) if span.parent else None
    return f"{path(above, among)}/{span.name}" if above else span.name
