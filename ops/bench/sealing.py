"""`handrail bench sealing`: what it costs a turn that all it writes is sealed, turn and turn about with and without."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from uuid import uuid4

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from brain.client import Brain, Intent, Reply, ToolCall
from brain.scripted import Scripted
from core import db
from core.sealing import places
from core.sealing.keys import make
from core.settings import get_settings
from kb.documents.indexer import index_all
from ops.demo import content
from orchestrator.inbox import accept, open_thread
from orchestrator.turn import take_turn
from orchestrator.world import World
from tools.catalog import TOOLS

SETTING = "HANDRAIL_ENCRYPTION_KEYS"
QUESTION = "How long can I return a jacket that I have worn once, and who pays for the parcel?"
SEARCH = Reply(calls=(ToolCall("s", "search_kb", '{"query": "return worn jacket"}'),))
ANSWER = Reply(text="Thank you, I have looked it up.", intent=Intent.SMALLTALK)
WARM = 3
SIZES = text("""
    SELECT pg_total_relation_size('messages') + pg_total_relation_size('turn_events') + pg_total_relation_size('turns')
""")


@dataclass
class Cost:
    """Of one turn: milliseconds by the clock, and of the processor in this process."""

    clock: list[float]
    processor: list[float]


def run_sealing(rounds: int) -> None:
    """Measure and print; the ratio is what counts."""
    with db.transaction() as session:
        content.prepare(session)
    index_all("demo", lambda _, __: None)
    keys, costs = {"plain": "", "sealed": make("bench")}, {"plain": Cost([], []), "sealed": Cost([], [])}
    sizes = dict.fromkeys(keys, 0)
    for n in range(-WARM, max(rounds, 4)):
        for name, key in keys.items():
            with given(key):
                before, cost = _bytes(), _turn()
                sizes[name] += _bytes() - before
            if n >= 0:
                costs[name].clock.append(cost[0])
                costs[name].processor.append(cost[1])
    _print(costs)
    typer.echo(f"Tables grew by {sizes['sealed'] / max(sizes['plain'], 1):.2f} × as much. {_single(keys['sealed'])}")


@contextmanager
def given(key: str) -> Iterator[None]:
    """This process seals with `key` while the block runs; "": with none."""
    os.environ[SETTING] = key
    get_settings.cache_clear()
    try:
        yield
    finally:
        del os.environ[SETTING]
        get_settings.cache_clear()


def _turn() -> tuple[float, float]:
    """A conversation with one question: accepted, planned, searched, drafted, guarded, said."""
    brains: tuple[Brain, ...] = (Scripted([SEARCH, ANSWER]),)
    world = World(get_settings(), brains, TOOLS)
    clock, processor = time.perf_counter(), time.process_time()
    with db.transaction() as session:
        thread = open_thread(session, "demo", "web")
        accept(session, thread, QUESTION, str(uuid4()))
    take_turn(thread.id, world)
    return (time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000


def _bytes() -> int:
    with db.transaction() as session:
        return int(session.execute(SIZES).scalar_one())


def _print(costs: dict[str, Cost]) -> None:
    table = Table("a turn", "ms by the clock (median)", "ms of the processor (median)")
    for name, cost in costs.items():
        table.add_row(name, f"{median(cost.clock):.2f}", f"{median(cost.processor):.2f}")
    plain, sealed = costs["plain"], costs["sealed"]
    clock = median(mine / its for mine, its in zip(sealed.clock, plain.clock, strict=True))
    processor = median(mine / its for mine, its in zip(sealed.processor, plain.processor, strict=True))
    table.add_row("sealed / plain, in pairs", f"{clock:.3f} ×", f"{processor:.3f} ×")
    Console(width=100).print(table)


def _single(key: str, times: int = 2_000) -> str:
    """What one text costs."""
    owner = uuid4()
    with given(key):
        began = time.perf_counter()
        for _ in range(times):
            kept = places.MESSAGE.seal(owner, QUESTION)
        between = time.perf_counter()
        for _ in range(times):
            places.MESSAGE.open(owner, kept)
        ended = time.perf_counter()
    micro = 1e6 / times
    return f"A message: sealed in {(between - began) * micro:.1f} µs, opened in {(ended - between) * micro:.1f} µs."
