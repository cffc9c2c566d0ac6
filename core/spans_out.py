"""Where spans go, when anybody wants them: by OTLP, to the address that OpenTelemetry's own variables name."""

from typing import TYPE_CHECKING

from core import tracing
from core.errors import SettingsRefused
from core.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

MISSING = (
    "HANDRAIL_TRACES is otlp, but its exporter is not installed: `pip install 'handrail[traces]'`, or set it to off."
)


def start(settings: Settings, role: str) -> None:
    """Trace this process, as `role` ("api", "worker-chat"), where the settings ask for it. Raises SettingsRefused."""
    if settings.traces == "off":
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise SettingsRefused(MISSING) from error
    tracing.use(provider(BatchSpanProcessor(OTLPSpanExporter()), role))


def provider(processor: "SpanProcessor", role: str) -> "TracerProvider":
    """Spans of this process, handed to `processor` when they end. A trace has the id of its request."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            known = tracing.request_id()
            return tracing.trace_id(known) if known else super().generate_trace_id()

    made = TracerProvider(
        resource=Resource.create({"service.name": "handrail", "service.instance.role": role}), id_generator=Ids()
    )
    made.add_span_processor(processor)
    return made
