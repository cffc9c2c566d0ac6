"""`handrail bench instruments`: what counting and tracing cost a turn, in pairs of turns in one process.

A turn here is everything but the model: the door, the transaction, the worker's part with a real search, the guards,
the reply. Its brain is scripted and answers at once, so that nothing hides what is measured.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from statistics import median
from typing import Any
from uuid import UUID

import typer
from opentelemetry.sdk.trace import SpanProcessor

from brain.client import Intent, Reply, ToolCall
from brain.scripted import Scripted
from core import db, spans_out, tracing
from core.counting import TALLY, Flusher
from core.settings import get_settings
from ops.bench.rig import FREE, prepare
from orchestrator.turn import take_turn
from orchestrator.world import World
from tools.catalog import TOOLS
from web.app import make_app

TURNS_A_ROUND = 10
WARM = 20
RESAMPLES = 2_000
SEARCH = Reply(calls=(ToolCall("x", "search_kb", '{"query": "How long can I return a jacket?"}'),))
NOTHING = Reply(text="I could not find out.", intent=Intent.ABSTAIN)
AIM = 0.03

Spent = tuple[float, float]
"""Seconds of this process's processors, and of the clock."""


@contextmanager
def off() -> Iterator[None]:
    """Nothing is counted or traced."""
    TALLY.on = False
    try:
        yield
    finally:
        TALLY.on = True


@contextmanager
def counted() -> Iterator[None]:
    """As an installation runs by default."""
    yield


@contextmanager
def traced() -> Iterator[None]:
    """With spans as well, made and thrown away: where they are sent to is another process's work."""
    provider = spans_out.provider(SpanProcessor(), "bench")
    tracing.use(provider)
    try:
        yield
    finally:
        tracing.use(None)
        provider.shutdown()


MODES: dict[str, Callable[[], Any]] = {"off": off, "counted": counted, "counted and traced": traced}


def run_instruments(rounds: int) -> dict[str, float]:
    """Measure and print; by mode, by how much more of the processor it takes than `off` (0.01: one percent)."""
    prepare()
    db.dispose()
    with asyncio.Runner() as runner, traced():  # an engine is watched from its making
        _turns(runner)()
    with asyncio.Runner() as runner:
        turn = _turns(runner)
        flusher = Flusher()
        flusher.start()
        for _ in range(WARM):
            turn()
        spent = _measure(turn, rounds * TURNS_A_ROUND)
        flusher.stop()
    found: dict[str, float] = {}
    base = median(cpu for cpu, _ in spent["off"]) * 1000
    typer.echo(f"off                    {base:6.2f} ms of processor a turn, {rounds * TURNS_A_ROUND} turns each")
    for name in list(MODES)[1:]:
        more = [mine[0] / plain[0] - 1 for mine, plain in zip(spent[name], spent["off"], strict=True)]
        low, high = _interval(more)
        clock = median(mine[1] / plain[1] - 1 for mine, plain in zip(spent[name], spent["off"], strict=True))
        found[name] = median(more)
        typer.echo(
            f"{name:22} {found[name]:+7.2%} of processor (95 %: {low:+.2%} … {high:+.2%}), {clock:+.2%} by the clock"
        )
    typer.echo(f"Aim: {AIM:.0%} at most, as it runs by default.")
    return found


def _measure(turn: Callable[[], None], pairs: int) -> dict[str, list[Spent]]:
    """Turn and turn about, in an order that changes, so that a noisy moment hits all."""
    order = random.Random(8)  # noqa: S311 - no secret
    names = list(MODES)
    spent: dict[str, list[Spent]] = {name: [] for name in names}
    for _ in range(pairs):
        order.shuffle(names)
        for name in names:
            with MODES[name]():
                cpu, clock = time.process_time(), time.perf_counter()
                turn()
                spent[name].append((time.process_time() - cpu, time.perf_counter() - clock))
    return spent


def _turns(runner: asyncio.Runner) -> Callable[[], None]:
    """One visitor, who writes at the door and is answered, each time it is called."""
    settings = get_settings().model_copy(update={name.lower(): float(value) for name, value in FREE.items()})
    app, numbers = make_app(settings), count()
    made = runner.run(_ask(app, "/api/agent/session", {"site_id": "demo"}, ""))
    thread = UUID(made["thread_id"])

    def turn() -> None:
        body = {"thread_id": str(thread), "user_msg": "How long can I return a jacket?"}
        body["client_msg_id"] = f"m{next(numbers)}"
        runner.run(_ask(app, "/api/agent/messages", body, made["visitor_token"]))
        take_turn(thread, World(settings, (Scripted([SEARCH, NOTHING]),), TOOLS))

    return turn


async def _ask(app: Any, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
    """POST, past any HTTP client and server: they would only hide what is measured."""
    said: list[bytes] = []
    status = 0
    heads = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": heads[: 2 if token else 1], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
    scope |= {"scheme": "http", "http_version": "1.1", "root_path": ""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)
        said.append(message.get("body", b""))

    await app(scope, receive, send)
    if status >= 400:  # noqa: PLR2004
        raise AssertionError(f"The door answered {status}: {b''.join(said)[:200]!r}")
    return dict(json.loads(b"".join(said)))


def _interval(values: list[float]) -> tuple[float, float]:
    """Of the median, by resampling."""
    chance = random.Random(8)  # noqa: S311 - no secret
    medians = sorted(median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return medians[int(0.025 * RESAMPLES)], medians[int(0.975 * RESAMPLES)]
