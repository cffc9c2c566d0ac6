"""Taking signed events: processor time of each, the most in a second, and waits at 1,000 a second, beside floors."""

import os
from dataclasses import dataclass
from statistics import median

import typer
from sqlalchemy import text

from core.db import transaction
from core.models import Site
from core.settings import get_settings
from ops.bench.processes import cpu_seconds, free_port, on_cores, two_sides, wait_for_port
from ops.bench.webhook_floors import make_table
from ops.bench.webhook_senders import SECRET, make_request, send_all
from ops.children import Child, stop

SITE = "bench-webhooks"
COUNT = 6_000  # events of one burst
RATE = 1_000.0  # a second
STEADY_SECONDS = 6
SUBJECTS = 500
SYSTEMS = ("echo", "limit", "each", "handrail")


@dataclass(frozen=True)
class Figures:
    """One system in one round."""

    cpu_ms: float
    most: float  # events a second
    p50_ms: float
    p95_ms: float
    refused: int


def run_webhooks(rounds: int = 3) -> None:
    """Run each system in turn, `rounds` times, alone on its core, and print medians."""
    _prepare()
    seen: dict[str, list[Figures]] = {name: [] for name in SYSTEMS}
    for _ in range(rounds):
        for name in SYSTEMS:
            seen[name].append(_measure(name))
    typer.echo(f"{'':<12}{'CPU ms':>8}{'most/s':>9}{'p50 ms':>9}{'p95 ms':>9}{'refused':>9}   at {RATE:.0f}/s")
    middle = {name: _middle(figures) for name, figures in seen.items()}
    for name, one in middle.items():
        line = f"{name:<12}{one.cpu_ms:>8.2f}{one.most:>9.0f}{one.p50_ms:>9.1f}{one.p95_ms:>9.1f}{one.refused:>9}"
        typer.echo(line)
    ours, limit = middle["handrail"], middle["limit"]
    typer.echo(
        f"p95 is {ours.p95_ms / limit.p95_ms:.2f} times the limit's; CPU {ours.cpu_ms / limit.cpu_ms:.2f} times."
    )


def _prepare() -> None:
    make_table()
    with transaction() as session:
        session.merge(
            Site(
                id=SITE,
                name="Bench",
                api_key_hash="0" * 64,
                tools=[],
                webhook_secret=SECRET,
                wordpress_url="https://shop.example",
            )
        )
    os.environ.update(HANDRAIL_WEBHOOKS_WAITING_MAX="1000000", HANDRAIL_PROFILE="demo")
    get_settings.cache_clear()


def _measure(name: str) -> Figures:
    port = free_port()
    sides = two_sides()
    with transaction() as session:
        session.execute(text("TRUNCATE bench_webhooks, webhook_events"))
    child = _child(name, port)
    try:
        with on_cores(sides[0] if sides else None):
            child.start()
        wait_for_port(port)
        assert child.process is not None
        send_all(port, _requests(300))
        before = cpu_seconds([child.process.pid])
        burst = send_all(port, _requests(COUNT))
        used = cpu_seconds([child.process.pid]) - before
        steady = send_all(port, _requests(int(RATE * STEADY_SECONDS)), connections=200, rate=RATE)
    finally:
        stop((child,), 10.0)
    waits = sorted(steady.waits)
    p95 = waits[int(len(waits) * 0.95)]
    refused = burst.refused + steady.refused
    return Figures(used * 1000 / COUNT, COUNT / burst.seconds, median(waits) * 1000, p95 * 1000, refused)


def _child(name: str, port: int) -> Child:
    log = get_settings().home / "log" / f"webhooks-{name}.log"
    if name == "handrail":
        os.environ["HANDRAIL_PORT"] = str(port)
        get_settings.cache_clear()
        return Child(name, ("-m", "ops.cli", "serve"), log)
    return Child(name, ("-m", "ops.bench.webhook_floors", name, str(port)), log)


def _requests(count: int) -> list[bytes]:
    return [make_request(SITE, number % SUBJECTS) for number in range(count)]


def _middle(figures: list[Figures]) -> Figures:
    def middle(name: str) -> float:
        return float(median(getattr(one, name) for one in figures))

    refused = sum(one.refused for one in figures)
    return Figures(middle("cpu_ms"), middle("most"), middle("p50_ms"), middle("p95_ms"), refused)
