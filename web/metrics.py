"""What Prometheus reads at /metrics, of all processes. Labels are closed sets: no path, id or site ever becomes one."""

import threading
from collections.abc import Mapping
from typing import Any

from prometheus_client import REGISTRY, Gauge, generate_latest
from sqlalchemy.orm import Session

from core import crashes, job
from core.counting import Counter, Figure, Histogram, Level
from orchestrator import figures
from tools import search_kb
from web import gauges
from web.counted import Counted
from web.outgoing import delivery
from web.outgoing import gauges as outbox
from web.webhooks import gauges as webhooks

REQUESTS = Histogram(
    "handrail_request_seconds",
    "Time of HTTP requests until their answer is complete, by route and status class",
    ("method", "route", "status"),
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
STREAMS = Level("handrail_open_streams", "Event streams that are open")
STREAMS_REFUSED = Counter("handrail_streams_refused", "Event streams refused because a thread had too many")
METHODS = ("GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH")

# To have something counted shown: add it here.
COUNTED: tuple[Figure, ...] = (
    REQUESTS,
    STREAMS,
    STREAMS_REFUSED,
    job.JOBS,
    job.WAITED,
    crashes.CRASHES,
    *figures.FIGURES,
    search_kb.SEARCHES,
    search_kb.SCORES,
    search_kb.ANSWERABLE,
    delivery.OUTGOING,
)

REGISTRY.register(Counted(COUNTED))
_reading = threading.Lock()  # gauges are set and then read: two who ask at once must not mix


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count one request; a stream's time is not a request's time and is left out."""
    if not route.endswith("/events"):
        REQUESTS.observe(seconds, method, route, f"{status // 100}xx")


def method_name(scope: Any) -> str:
    """The request's method, where it is one that HTTP knows."""
    method = str(scope.get("method"))
    return method if method in METHODS else "other"


def route_name(scope: Any) -> str:
    """The route's pattern, never the path: what nobody serves is one label."""
    return str(getattr(scope.get("route"), "path", "unknown"))


def collect(session: Session) -> bytes:
    """Everything in Prometheus' text format."""
    with _reading:
        gauges.measure(session)
        return generate_latest(REGISTRY)


def catalogue() -> Mapping[str, frozenset[str]]:
    """Every series that a dashboard or an alert may name, with its labels."""
    found: dict[str, frozenset[str]] = {}
    for figure in COUNTED:
        labels = frozenset(() if isinstance(figure, Level) else figure.labels)
        match figure:
            case Level():
                found[figure.name] = labels
            case Counter():
                found[f"{figure.name}_total"] = labels
            case Histogram():
                found |= {f"{figure.name}_{part}": labels for part in ("sum", "count")}
                found[f"{figure.name}_bucket"] = labels | {"le"}
    for module in (gauges, outbox, webhooks):
        for gauge in vars(module).values():
            if isinstance(gauge, Gauge):  # prometheus_client tells names in public, labels only here
                found[gauge._name] = frozenset(gauge._labelnames)  # noqa: SLF001
    found[f"{gauges.OPENINGS.name}_total"] = frozenset(gauges.OPENINGS.labels)
    return found
