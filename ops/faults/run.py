"""Runs trials: each server and each kind of client in a lane of its own, because a server has one fault at a time."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, product
from typing import Any

from brain.client import Ask, Said, ToolCall, ToolOutcome
from brain.extractive import Extractive
from core import db
from core.settings import Settings, get_settings
from ops.faults import aimock_faults, llmock_faults
from ops.faults.fault import Fault
from ops.faults.script import FOUND, QUESTION
from ops.faults.trial import CLIENTS, GRACE_S, FakeServer, Verdict, try_fault

# To add a server: write its file with its faults, add it here.
SERVERS: tuple[tuple[Callable[[], FakeServer], Sequence[Fault[Any]]], ...] = (
    (llmock_faults.Llmock, llmock_faults.FAULTS),
    (aimock_faults.Aimock, aimock_faults.FAULTS),
)
TRIES = 2
Heard = Callable[[Verdict], None]
Choose = Callable[[Sequence[Fault[Any]], str, bool], Sequence[Fault[Any]]]


def known() -> list[tuple[str, str, str]]:
    """Every fault that is tried: server, name, and what it hits."""
    return [
        (start.name, fault.name, str(fault.hits))  # type: ignore[attr-defined]  # each is a class with a name
        for start, faults in SERVERS
        for fault in faults
    ]


def run_all(hear: Heard) -> list[Verdict]:
    """Every fault, with both clients, alone and with the built-in brain as fallback."""
    return _run(hear, lambda faults, _client, _fallback: faults, GRACE_S)


def run_short(hear: Heard, grace_s: float = GRACE_S) -> list[Verdict]:
    """Every third fault once: the clients take turns, and so does the fallback; of the slow ones, one in four."""

    def choose(faults: Sequence[Fault[Any]], client: str, fallback: bool) -> Sequence[Fault[Any]]:  # noqa: FBT001
        slow = [fault for fault in faults if fault.slow][::4]
        mine = [fault for fault in faults if not fault.slow][::3] + slow
        return mine[CLIENTS.index(client) + len(CLIENTS) * fallback :: 2 * len(CLIENTS)]

    return _run(hear, choose, grace_s)


def _run(hear: Heard, choose: Choose, grace_s: float) -> list[Verdict]:
    _warm_up()
    return [verdict for fallback in (False, True) for verdict in _lanes(hear, choose, grace_s, fallback=fallback)]


def _warm_up() -> None:
    """Open the database once for all lanes, and load what the built-in brain judges with, as a worker does."""
    db.new_session().close()
    found = ToolOutcome(ToolCall("1", "search_kb", "{}"), FOUND.model_dump_json())
    Extractive().think(Ask("draft", "", (Said("visitor", QUESTION),), outcomes=(found,)), lambda _: None)


def _lanes(hear: Heard, choose: Choose, grace_s: float, *, fallback: bool) -> list[Verdict]:
    lanes = [
        (start(), choose(faults, client, fallback), client) for (start, faults), client in product(SERVERS, CLIENTS)
    ]
    try:
        with _models(fallback=fallback) as settings, ThreadPoolExecutor(len(lanes)) as threads:

            def run(server: FakeServer, faults: Sequence[Fault[Any]], client: str) -> list[Verdict]:
                verdicts = []
                for verdict in _lane(server, faults, client, settings, grace_s, fallback=fallback):
                    verdicts.append(verdict)
                    hear(verdict)
                return verdicts

            return list(chain.from_iterable(threads.map(run, *zip(*lanes, strict=True))))
    finally:
        for server, _, _ in lanes:
            server.stop()


def _lane(
    server: FakeServer, faults: Sequence[Fault[Any]], client: str, settings: Settings, grace_s: float, *, fallback: bool
) -> Iterator[Verdict]:
    """Try each. One that took too long is tried once more: a busy machine may have starved it."""
    for fault in faults:
        for attempt in range(1, TRIES + 1):
            verdict = try_fault(server, fault, client, settings, grace_s, fallback=fallback)
            if attempt == TRIES or not verdict.late:
                break
        yield verdict


@contextmanager
def _models(*, fallback: bool) -> Iterator[Settings]:
    """This process's settings with one model, or two: a turn is opened for as many as they name."""
    before = dict(os.environ)
    os.environ.update(
        HANDRAIL_BRAIN="openai", HANDRAIL_MODEL="fake", HANDRAIL_FALLBACK_MODEL="extractive" if fallback else ""
    )
    get_settings.cache_clear()
    try:
        yield get_settings()
    finally:
        os.environ.clear()
        os.environ.update(before)
        get_settings.cache_clear()
